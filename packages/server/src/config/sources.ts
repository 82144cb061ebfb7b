/**
 * Where settings come from: command line, environment, or a configuration file. Each source is
 * turned into texts by flag name; `options.ts` gives them meaning.
 */
import { parse as parseYaml } from "yaml";
import { environmentName, flags, ignoredFlags } from "./flags.ts";

/** Texts by flag name, and what was wrong. */
export interface SettingsSource {
  readonly texts: Map<string, string>;
  readonly problems: string[];
  /** Worth a line in the log, not a reason to stop. */
  readonly warnings: string[];
  /** Set when a flag is not known: the process then ends with code 2, as etcd's. */
  hasUnknownFlag: boolean;
}

const flagsByName = new Map(flags.map((each) => [each.name, each]));

function emptySource(): SettingsSource {
  return { texts: new Map(), problems: [], warnings: [], hasUnknownFlag: false };
}

/** Reads `--flag value`, `--flag=value`, `-flag …`; booleans as `--flag` or `--flag=true|false`. */
export function readArguments(args: readonly string[]): SettingsSource {
  const source = emptySource();
  for (let position = 0; position < args.length; position += 1) {
    const match = /^--?([a-z0-9][a-z0-9-]*)(?:=(.*))?$/s.exec(args[position] ?? "");
    if (match === null) {
      source.problems.push(`Unexpected argument "${args[position] ?? ""}": expected --flag=value`);
      continue;
    }
    const name = match[1] === "h" ? "help" : (match[1] ?? "");
    const known = flagsByName.get(name);
    let text = match[2];
    if (text === undefined && known?.kind === "boolean") text = "true";
    if (text === undefined) {
      position += 1;
      text = args[position];
    }
    if (known === undefined && !ignoredFlags.has(name)) {
      source.hasUnknownFlag = true;
      source.problems.push(`Unknown flag --${name}: see --help for the flags that exist`);
    } else if (text === undefined) {
      source.problems.push(`Flag --${name} needs a value`);
    } else {
      source.texts.set(name, text);
    }
  }
  return source;
}

/** Adds `ETCD_*` and `QUORATE_*` variables to what the command line said. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  commandLine: SettingsSource,
): void {
  for (const { name } of flags) {
    for (const prefix of ["ETCD_", "QUORATE_"]) {
      const variable = environmentName(name, prefix);
      const text = environment[variable];
      if (text === undefined || name === "version" || name === "help") continue;
      if (commandLine.texts.has(name)) {
        commandLine.problems.push(
          `Flag --${name} is set twice: by the command line or environment and by ${variable}`,
        );
      } else if (text !== "") {
        commandLine.texts.set(name, text);
      }
    }
  }
  const known = new Set(flags.map(({ name }) => environmentName(name, "ETCD_")));
  for (const variable of Object.keys(environment)) {
    if (variable.startsWith("ETCD_") && !known.has(variable)) {
      commandLine.warnings.push(`unrecognized environment variable ${variable}`);
    }
  }
}

/** Reads a configuration file: keys are flag names, durations are nanoseconds or texts. */
export function readConfigFile(path: string, content: string): SettingsSource {
  const source = emptySource();
  let parsed: unknown;
  try {
    parsed = parseYaml(content);
  } catch (error) {
    source.problems.push(`Cannot read configuration file "${path}": ${String(error)}`);
    return source;
  }
  if (parsed === null || parsed === undefined) return source;
  if (typeof parsed !== "object" || Array.isArray(parsed)) {
    source.problems.push(`Cannot read configuration file "${path}": expected a map of settings`);
    return source;
  }
  for (const [name, value] of Object.entries(parsed)) {
    const known = flagsByName.get(name);
    if (ignoredFlags.has(name)) continue;
    if (known === undefined) {
      source.problems.push(`Unknown setting "${name}" in configuration file "${path}"`);
      continue;
    }
    const text = settingText(value, known.kind === "duration");
    if (text === undefined) {
      source.problems.push(`Setting "${name}" in "${path}" has a value of the wrong type`);
    } else {
      source.texts.set(name, text);
    }
  }
  return source;
}

function settingText(value: unknown, isDuration: boolean): string | undefined {
  if (value === null) return "";
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return isDuration ? `${value}ns` : String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return value.join(",");
  }
  return undefined;
}
