import "./node-version.mjs";
import { parseArgs } from "node:util";

const { install } = await import("./prepare.mjs");
const { prettierArguments } = await import("./prettier.mjs");
const { fail, runNode, since, sourceArguments } = await import("./process.mjs");

const help = `usage: npm run check -- [options]

  --skip STEP     leave a step out (repeatable)
  --only STEP     run this step alone (repeatable)
  --keep-going    run the steps after a failing one too
`;

const runner = [...sourceArguments, "test/run.ts"];
const steps = [
  {
    name: "format",
    nodeArguments: prettierArguments("--check"),
    advice: "npm run format rewrites the files named above",
  },
  {
    name: "compile",
    nodeArguments: ["node_modules/typescript/bin/tsc", "-b"],
    advice: "the compiler's errors are above",
  },
  {
    name: "types of tests",
    nodeArguments: ["node_modules/typescript/bin/tsc", "-p", "test/tsconfig.json"],
    advice: "the compiler's errors are above",
  },
  {
    name: "lint",
    nodeArguments: [
      "node_modules/eslint/bin/eslint.js",
      "--config=test/lint/eslint.config.js",
      "--max-warnings=0",
      "--no-warn-ignored",
      "--no-error-on-unmatched-pattern",
      "packages",
      "test",
      "examples",
      ".scripts",
    ],
    advice: "the broken rules are above; test/lint/eslint.config.js says why each is there",
  },
  {
    name: "unused code",
    nodeArguments: ["node_modules/knip/bin/knip.js", "--no-progress", "--no-config-hints"],
    advice: "remove what is named above, or import it",
  },
  {
    name: "architecture",
    nodeArguments: [...runner, "test/architecture/"],
    advice: "the failing test says what stands in the way",
  },
  {
    name: "tests",
    nodeArguments: [...runner, "--exclude", "test/architecture/"],
    advice: "repeat one with npm test -- PATH",
  },
];

const { values: options } = parseArgs({
  options: {
    skip: { type: "string", multiple: true, default: [] },
    only: { type: "string", multiple: true, default: [] },
    "keep-going": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (options.help) {
  console.log(help);
  process.exit(0);
}
for (const name of [...options.skip, ...options.only]) {
  const known = steps.map((step) => step.name);
  if (!known.includes(name)) fail(`Cannot find step "${name}": the steps are ${known.join(", ")}.`);
}

const started = performance.now();
await install();
const failed = [];
for (const { name, nodeArguments, advice } of steps) {
  if (options.skip.includes(name)) continue;
  if (options.only.length > 0 && !options.only.includes(name)) continue;
  const stepStarted = performance.now();
  const code = await runNode(nodeArguments);
  console.log(`check: ${name} ${code === 0 ? "passed" : "FAILED"} (${since(stepStarted)})`);
  if (code === 0) continue;
  if (!options["keep-going"]) fail(`Cannot pass the check: ${name} fails; ${advice}.`);
  failed.push(name);
}
if (failed.length > 0) fail(`Cannot pass the check: ${failed.join(", ")} fail.`);
console.log(`check: all passed (${since(started)})`);
