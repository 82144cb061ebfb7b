import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ESLint } from "eslint";
import { root } from "./repository.ts";

// Each sample is linted as if it were the text of a file that exists, so that the typed rules find
// it in their program.
const anywhere = "packages/platform/src/index.ts";
const consensus = "packages/raft/src/index.ts";
const replicated = "packages/mvcc/src/index.ts";

// Under CI the parser would read each file once and from disk, whatever text it is given.
process.env["TSESTREE_SINGLE_RUN"] = "false";

const linter = new ESLint({
  cwd: root,
  overrideConfigFile: join(root, "test/lint/eslint.config.js"),
});

async function rulesBrokenBy(path: string, text: string): Promise<readonly string[]> {
  const [result] = await linter.lintText(`${text}\n`, { filePath: join(root, path) });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
}

const promise = "declare const sync: () => Promise<void>;";
const union = 'declare const kind: "put" | "delete";';
const syntax = "no-restricted-syntax";
const long = Array.from({ length: 71 }, (_, line) => `  console.info(${line});`).join("\n");

const samples: ReadonlyArray<readonly [string, string, string]> = [
  [anywhere, `${promise}\nsync();`, "@typescript-eslint/no-floating-promises"],
  [anywhere, `${promise}\n[1].forEach(sync);`, "@typescript-eslint/no-misused-promises"],
  [anywhere, "export const wait = async () => { await 1; };", "@typescript-eslint/await-thenable"],
  [
    anywhere,
    `${union}\nswitch (kind) { case "put": break; }`,
    "@typescript-eslint/switch-exhaustiveness-check",
  ],
  [
    anywhere,
    'declare const name: string;\nif (name !== undefined) throw new Error("x");',
    "@typescript-eslint/no-unnecessary-condition",
  ],
  [
    anywhere,
    'import { Clock } from "./clock.ts";\nexport type Watch = Clock;',
    "@typescript-eslint/consistent-type-imports",
  ],
  [anywhere, "export const value: any = 1;", "@typescript-eslint/no-explicit-any"],
  [
    anywhere,
    "declare const keys: string[] | undefined;\nexport const first = keys![0];",
    "@typescript-eslint/no-non-null-assertion",
  ],
  [anywhere, "export default 1;", syntax],
  [anywhere, 'export * from "./clock.ts";', syntax],
  [anywhere, "export enum Kind { Put }", syntax],
  [anywhere, "export const id = process.env.ID;", syntax],
  [anywhere, "declare const x: unknown;\nexport const id = x as number;", syntax],
  [anywhere, 'console.info("x");', "no-console"],
  [anywhere, `export function long(): void {\n${long}\n}`, "max-lines-per-function"],
  [anywhere, "// line\n".repeat(800), "max-lines"],
  [consensus, "export const now = Date.now();", "no-restricted-globals"],
  [consensus, "setTimeout(() => {}, 1);", "no-restricted-globals"],
  [consensus, "export const bytes = Buffer.alloc(1);", "no-restricted-globals"],
  [consensus, "export const id = process.pid;", "no-restricted-globals"],
  [consensus, "export const draw = Math.random();", "no-restricted-properties"],
  [consensus, 'import "node:fs";', "no-restricted-imports"],
  [consensus, "export async function step(): Promise<void> {}", syntax],
  [consensus, "export const step = async (): Promise<void> => {};", syntax],
  [consensus, "export const done = Promise.resolve();", syntax],
  [replicated, "export const now = Date.now();", "no-restricted-globals"],
  [replicated, "setImmediate(() => {});", "no-restricted-globals"],
  [replicated, "export const draw = Math.random();", "no-restricted-properties"],
  [replicated, 'import { randomBytes } from "node:crypto";', "no-restricted-imports"],
  [replicated, 'import { setTimeout } from "node:timers/promises";', "no-restricted-imports"],
];

describe("lint stops", () => {
  for (const [path, text, rule] of samples) {
    test(`${path}: ${text.slice(0, 70).replaceAll("\n", " ")}`, async () => {
      const broken = await rulesBrokenBy(path, text);
      assert.ok(broken.includes(rule), `expected ${rule}, got: ${broken.join(", ")}`);
    });
  }
});

describe("lint lets through", () => {
  const allowed: ReadonlyArray<readonly [string, string]> = [
    [anywhere, 'export const kinds = ["put", "delete"] as const;'],
    [anywhere, "export function toTerm(value: unknown): number {\n  return value as number;\n}"],
    [anywhere, `${promise}\nexport const run = async (): Promise<void> => { await sync(); };`],
    [replicated, "export async function compact(): Promise<void> {\n  await Promise.resolve();\n}"],
  ];
  for (const [path, text] of allowed) {
    test(`${path}: ${text.slice(0, 70).replaceAll("\n", " ")}`, async () => {
      assert.deepEqual(await rulesBrokenBy(path, text), []);
    });
  }
});
