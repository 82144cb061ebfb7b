import { parseArgs } from "node:util";

import type { QuestionGroup, Scale } from "./question.ts";

/** What the command line asks for. */
export interface BenchOptions {
  /** Names of questions, or parts of them; empty for all. */
  readonly rows: readonly string[];
  /** Groups of questions; empty for all. */
  readonly groups: readonly QuestionGroup[];
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

  --group NAME      only questions of the group table, many-keys or scale (repeatable)
  --row NAME        only questions whose name contains NAME (repeatable); --list names them
  --list            names of the questions, and nothing else
  --vs etcd|none    compare with /usr/bin/etcd (ETCD_BINARY), or measure Quorate alone; default etcd
  --members N       only clusters of N members (repeatable)
  --repeat N        measurements of each peer, in turns; default 5
  --seconds S       how long one measurement lasts; default 3
  --operations N    end a measurement after N operations, if that comes first
  --keys N          keys of the question "many-keys"; default 1000000
  --rate N          Puts in a second of "put-open-loop"; default half of the first peer's best
  --no-h2load       leave out what h2load measures
  --json FILE       also write everything measured to FILE; default .cache/bench/latest.json
  --profile         write CPU profiles of Quorate's members, and where their time went, to
                    .cache/bench/profiles
  --quick           small counts, one repetition: shows that everything works, measures nothing
`;

const fullScale = {
  seconds: 3,
  operations: undefined,
  warmupSeconds: 0.5,
  keys: 10_000,
  listKeys: 1_000,
  watchers: 1_000,
  leases: 20_000,
  manyKeys: 1_000_000,
  manyWatchers: 10_000,
  manyLeases: 100_000,
  manyConnections: 10_000,
  rate: undefined,
} as const satisfies Scale;

const quickScale = {
  seconds: 0.3,
  operations: undefined,
  warmupSeconds: 0.05,
  keys: 200,
  listKeys: 100,
  watchers: 100,
  leases: 200,
  manyKeys: 2_000,
  manyWatchers: 200,
  manyLeases: 400,
  manyConnections: 200,
  rate: undefined,
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
        group: { type: "string", multiple: true, default: [] },
        row: { type: "string", multiple: true, default: [] },
        list: { type: "boolean", default: false },
        vs: { type: "string", default: "etcd" },
        members: { type: "string", multiple: true, default: [] },
        repeat: { type: "string" },
        seconds: { type: "string" },
        operations: { type: "string" },
        keys: { type: "string" },
        rate: { type: "string" },
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
        groups: values.group.map(groupOf),
        versus: versusOf(values.vs),
        repeat: positive("repeat", values.repeat) ?? (values.quick ? 1 : 5),
        members: values.members.map((text) => positive("members", text) ?? 1),
        scale: {
          ...base,
          seconds: positive("seconds", values.seconds) ?? base.seconds,
          operations: positive("operations", values.operations),
          manyKeys: positive("keys", values.keys) ?? base.manyKeys,
          rate: positive("rate", values.rate),
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

function groupOf(text: string): QuestionGroup {
  if (text === "table" || text === "many-keys" || text === "scale") return text;
  throw new Error(`Cannot choose the group "${text}": there are table, many-keys and scale`);
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new Error(`Cannot read --${name} "${text}": wanted is a number above 0`);
}
