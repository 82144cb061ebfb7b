import { parseArgs } from "node:util";

import type { Scale } from "./question.ts";

/** What the command line asks for. */
export interface BenchOptions {
  /** Names of questions, or parts of them; empty for all. */
  readonly rows: readonly string[];
  readonly versus: "etcd" | "none";
  readonly repeat: number;
  /** Sizes of clusters; empty for those of each question. */
  readonly members: readonly number[];
  readonly scale: Scale;
  readonly jsonPath: string | undefined;
  readonly isProfiled: boolean;
  readonly hasH2load: boolean;
  /** Small counts, and one cluster of each size for all questions. */
  readonly isQuick: boolean;
}

/** Text of `--help`. */
export const helpText = `usage: npm run bench -- [options]

  --row NAME        only questions whose name contains NAME (repeatable); --list names them
  --list            names of the questions, and nothing else
  --vs etcd|none    compare with /usr/bin/etcd (ETCD_BINARY), or measure Quorate alone; default etcd
  --members N       only clusters of N members (repeatable)
  --repeat N        measurements of each peer, in turns; default 3
  --seconds S       how long one measurement lasts; default 3
  --operations N    end a measurement after N operations, if that comes first
  --keys N          keys of the question "many-keys"; default 1000000
  --no-h2load       leave out the rows of the second client
  --json FILE       also write everything measured to FILE; default .cache/bench/latest.json
  --profile         write CPU profiles of Quorate's members to .cache/bench/profiles
  --quick           small counts, one repetition: shows that everything works, measures nothing
`;

const fullScale = {
  seconds: 3,
  operations: undefined,
  warmupSeconds: 1,
  keys: 10_000,
  listKeys: 1_000,
  watchers: 1_000,
  leases: 1_000,
  manyKeys: 1_000_000,
} as const satisfies Scale;

const quickScale = {
  seconds: 0.3,
  operations: undefined,
  warmupSeconds: 0.1,
  keys: 200,
  listKeys: 100,
  watchers: 50,
  leases: 50,
  manyKeys: 2_000,
} as const satisfies Scale;

/** Options that ask for something else than a measurement, or cannot be understood. */
export type ParsedOptions =
  | { readonly kind: "run"; readonly options: BenchOptions }
  | { readonly kind: "help" }
  | { readonly kind: "list" }
  | { readonly kind: "invalid"; readonly problem: string };

/** Reads the command line. */
export function parseOptions(argv: readonly string[]): ParsedOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        row: { type: "string", multiple: true, default: [] },
        list: { type: "boolean", default: false },
        vs: { type: "string", default: "etcd" },
        members: { type: "string", multiple: true, default: [] },
        repeat: { type: "string" },
        seconds: { type: "string" },
        operations: { type: "string" },
        keys: { type: "string" },
        "no-h2load": { type: "boolean", default: false },
        json: { type: "string" },
        profile: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) return { kind: "help" };
    if (values.list) return { kind: "list" };
    const base = values.quick ? quickScale : fullScale;
    return {
      kind: "run",
      options: {
        rows: values.row,
        versus: versusOf(values.vs),
        repeat: positive("repeat", values.repeat) ?? (values.quick ? 1 : 3),
        members: values.members.map((text) => positive("members", text) ?? 1),
        scale: {
          ...base,
          seconds: positive("seconds", values.seconds) ?? base.seconds,
          operations: positive("operations", values.operations),
          manyKeys: positive("keys", values.keys) ?? base.manyKeys,
        },
        jsonPath: values.json,
        isProfiled: values.profile,
        hasH2load: !values["no-h2load"],
        isQuick: values.quick,
      },
    };
  } catch (error) {
    return { kind: "invalid", problem: error instanceof Error ? error.message : String(error) };
  }
}

function versusOf(text: string): "etcd" | "none" {
  if (text === "etcd" || text === "none") return text;
  throw new Error(`Cannot compare with "${text}": say --vs etcd or --vs none`);
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`Cannot read --${name} "${text}": wanted is a number above 0`);
}
