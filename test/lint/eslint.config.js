import tseslint from "typescript-eslint";
import { purityZones } from "./purity.js";

// Each rule is here because of what it stops:
//  - a promise nobody awaits, beside an fsync, loses data;
//  - a missing case, an `any`, a `!` or an `as` hides what the compiler would have said;
//  - time or randomness inside the replicated core lets members drift apart.

/** Syntax that is not written anywhere. */
const bannedSyntax = [
  { selector: "ExportDefaultDeclaration", message: "Name every export." },
  { selector: "ExportAllDeclaration", message: "Name every export: index.ts is a list to read." },
  { selector: "TSEnumDeclaration", message: "Use a union of string literals." },
  { selector: "TSModuleDeclaration[kind='namespace']", message: "Use a module." },
  { selector: "TSParameterProperty", message: "Declare the field." },
  {
    selector:
      "PropertyDefinition[accessibility='private'], " +
      "MethodDefinition[kind!='constructor'][accessibility='private']",
    message: "Use a #private name.",
  },
];

/** Casts belong where a brand or a boundary is made: in a function `toX`. */
const bannedCasts = [
  {
    selector:
      "TSAsExpression:not([typeAnnotation.typeName.name='const'])" +
      ":not(FunctionDeclaration[id.name=/^to[A-Z]/] TSAsExpression)",
    message: "Cast only in a function toX that checks what it claims; elsewhere narrow or parse.",
  },
  {
    selector: "TSTypeAssertion",
    message: "Cast only in a function toX that checks what it claims; elsewhere narrow or parse.",
  },
];

const bannedEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: "Only main.ts reads the environment; take an option.",
};

export default tseslint.config(
  {
    ignores: ["**/node_modules/", "**/dist/", "packages/*/src/gen/", ".cache/", "coverage/"],
  },
  {
    files: ["**/*.ts", "**/*.mjs"],
    extends: [tseslint.configs.base],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    languageOptions: {
      // One program for sources, tests and examples: a third of the time of one for each package.
      parserOptions: { project: ["test/tsconfig.json"], tsconfigRootDir: process.cwd() },
    },
    rules: {
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/no-floating-promises": [
        "error",
        {
          // node:test awaits the promises of its own top-level functions.
          allowForKnownSafeCalls: [
            { from: "package", package: "node:test", name: ["test", "it", "describe", "suite"] },
          ],
        },
      ],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-for-in-array": "error",
      "@typescript-eslint/only-throw-error": ["error", { allowThrowingUnknown: true }],
      "@typescript-eslint/prefer-promise-reject-errors": "error",
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/ban-ts-comment": "error",
      "no-restricted-syntax": ["error", ...bannedSyntax],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "max-lines": ["error", 800],
    },
  },
  {
    files: ["**/*.ts"],
    rules: {
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unnecessary-type-assertion": "error",
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/naming-convention": [
        "error",
        { selector: "typeLike", format: ["PascalCase"] },
        {
          selector: "interface",
          format: ["PascalCase"],
          custom: { regex: "^I[A-Z][a-z]", match: false },
        },
      ],
    },
  },
  {
    files: ["packages/*/src/**/*.ts"],
    rules: {
      "no-console": "error",
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "no-restricted-syntax": ["error", ...bannedSyntax, ...bannedCasts, bannedEnvironment],
    },
  },
  {
    // The composition roots: they own the terminal and the environment.
    files: ["packages/*/src/main.ts", "packages/*/src/*-main.ts", "packages/*/src/main/**/*.ts"],
    rules: {
      "no-console": "off",
      "no-restricted-syntax": ["error", ...bannedSyntax, ...bannedCasts],
    },
  },
  {
    // Test code that several packages share: judged as tests are.
    files: ["packages/*/src/testing/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      "no-restricted-syntax": ["error", ...bannedSyntax],
    },
  },
  ...purityZones([...bannedSyntax, ...bannedCasts, bannedEnvironment]),
);
