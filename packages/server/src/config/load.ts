import { readFileSync } from "node:fs";
import { readOptions, type ServerOptions } from "./options.ts";
import { readArguments, readConfigFile, readEnvironment } from "./sources.ts";

/** What the command line asks for. */
export type LoadedOptions =
  | { readonly kind: "run"; readonly options: ServerOptions; readonly warnings: readonly string[] }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | {
      readonly kind: "invalid";
      readonly problems: readonly string[];
      /** 2 for an unknown flag, 1 for everything else, as etcd's. */
      readonly exitCode: 1 | 2;
    };

/** Reads flags, environment and configuration file into checked options. */
export function loadOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): LoadedOptions {
  let source = readArguments(args);
  if (source.texts.get("help") === "true") return { kind: "help" };
  if (source.texts.get("version") === "true") return { kind: "version" };
  readEnvironment(environment, source);
  const warnings = [...source.warnings];
  const configFile = source.texts.get("config-file");
  if (configFile !== undefined && source.problems.length === 0) {
    const others = [...source.texts.keys()].filter((name) => name !== "config-file");
    if (others.length > 0) {
      warnings.push(`settings beside --config-file are ignored: ${others.join(", ")}`);
    }
    try {
      source = readConfigFile(configFile, readFileSync(configFile, "utf8"));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      source.problems.push(`Cannot read configuration file "${configFile}": ${reason}`);
    }
  }
  const problems = [...source.problems];
  const options = readOptions(source.texts, problems);
  if (problems.length > 0) {
    return { kind: "invalid", problems, exitCode: source.hasUnknownFlag ? 2 : 1 };
  }
  return { kind: "run", options, warnings };
}
