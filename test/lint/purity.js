const timers = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"];
const time = ["Date", "performance"];
const surroundings = [
  "Buffer",
  "process",
  "console",
  "global",
  "globalThis",
  "fetch",
  "crypto",
  "queueMicrotask",
  "structuredClone",
];

const asynchronousSyntax = [
  ["FunctionDeclaration[async=true]", "async functions"],
  ["FunctionExpression[async=true]", "async functions"],
  ["ArrowFunctionExpression[async=true]", "async functions"],
  ["AwaitExpression", "await"],
  ["NewExpression[callee.name='Promise']", "promises"],
  ["MemberExpression[object.name='Promise']", "promises"],
].map(([selector, what]) => ({
  selector,
  message: `No ${what} here: the caller drives this package step by step.`,
}));

const randomness = {
  object: "Math",
  property: "random",
  message: "Randomness is injected, so that a run can be repeated.",
};

/**
 * Rules of the packages whose every step must be repeatable.
 *
 * @param {readonly object[]} bannedSyntax - Selectors that hold in all sources; a later block of a
 *   flat config replaces a rule's options, so they are repeated here.
 */
export function purityZones(bannedSyntax) {
  return [
    {
      // Consensus and codecs: no input or output of any kind.
      files: ["api", "linearizability", "raft"].map((name) => `packages/${name}/src/**/*.ts`),
      rules: {
        "no-restricted-globals": [
          "error",
          ...[...timers, ...time, ...surroundings].map((name) => ({
            name,
            message: "This package is pure: take what you need as an argument.",
          })),
        ],
        "no-restricted-properties": ["error", randomness],
        "no-restricted-imports": [
          "error",
          { patterns: [{ group: ["node:*"], message: "This package is pure." }] },
        ],
        "no-restricted-syntax": ["error", ...bannedSyntax, ...asynchronousSyntax],
      },
    },
    {
      // The replicated state: time and randomness arrive inside the log entry.
      files: ["packages/mvcc/src/**/*.ts", "packages/state-machine/src/**/*.ts"],
      rules: {
        "no-restricted-globals": [
          "error",
          ...[...timers, ...time].map((name) => ({
            name,
            message: "Members would drift apart: time arrives in the log entry or is injected.",
          })),
        ],
        "no-restricted-properties": ["error", randomness],
        "no-restricted-imports": [
          "error",
          {
            paths: ["node:timers", "node:timers/promises", "node:perf_hooks"].map((name) => ({
              name,
              message: "Time arrives in the log entry or is injected.",
            })),
            patterns: [
              {
                group: ["node:crypto"],
                importNamePattern: "^(random|getRandomValues|webcrypto)",
                message: "Randomness is injected, so that a run can be repeated.",
              },
            ],
          },
        ],
      },
    },
  ];
}
