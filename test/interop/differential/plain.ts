/**
 * Answers in a form that two stores can be compared by.
 *
 * What has to differ between two clusters is replaced by its meaning: ids of cluster and member by
 * their role, revisions by their distance from the revision at which the scenario began (`r+2`),
 * ids of leases that the store chose by order of appearance, sizes and terms by "there is one".
 * Everything else stays as it was on the wire.
 */
import { createHash } from "node:crypto";

/** What is known about the store that answers. */
export interface AnswerContext {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** Revision of the store when the scenario began. */
  readonly baseRevision: number;
  /** Leases whose id the store chose, in order of appearance. */
  readonly chosenLeases: readonly bigint[];
}

/** A comparable value: text, numbers and booleans, lists and records of them. */
export type Plain =
  string | number | boolean | undefined | readonly Plain[] | { readonly [name: string]: Plain };

const revisionFields = new Set([
  "revision",
  "createRevision",
  "modRevision",
  "compactRevision",
  "hashRevision",
  "startRevision",
  "minModRevision",
  "maxModRevision",
  "minCreateRevision",
  "maxCreateRevision",
]);
const varyingFields = new Set(["raftTerm", "raftIndex", "raftAppliedIndex", "dbSize", "hash"]);
/** The keys of a lease come in any order. */
const unorderedField = "keys";
const textLengthMax = 80;
/** Revisions above were not reached by counting: they are shown as they are. */
const farRevision = 1e12;

/** Renders a decoded message; `name` is the field it stands in. */
export function toPlain(value: unknown, context: AnswerContext, name = ""): Plain {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      return plainNumber(value, context, name);
    case "bigint":
      return plainId(value, context);
    default:
      return value === null ? undefined : plainObject(value, context, name);
  }
}

/** Bytes as text where they are printable, as hexadecimal otherwise, as a digest when long. */
export function plainBytes(bytes: Uint8Array): string {
  if (bytes.length > textLengthMax) {
    const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    return `${bytes.length} bytes, sha256 ${digest}`;
  }
  const buffer = Buffer.from(bytes);
  const text = buffer.toString("latin1");
  return /^[\x20-\x7e]*$/.test(text) ? text : `0x${buffer.toString("hex")}`;
}

function plainObject(value: unknown, context: AnswerContext, name: string): Plain {
  if (value instanceof Uint8Array) return plainBytes(value);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => toPlain(item, context, name));
    return name === unorderedField ? items.sort() : items;
  }
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)];
    return entries.map(([key, item]) => [toPlain(key, context), toPlain(item, context)]);
  }
  const record = value as Readonly<Record<string, unknown>>;
  // The value of a oneof stands in the field that its case names.
  const union = typeof record["case"] === "string" ? record["case"] : undefined;
  return Object.fromEntries(
    Object.entries(record).map(([field, item]) => [field, toPlain(item, context, union ?? field)]),
  );
}

function plainNumber(value: number, context: AnswerContext, name: string): Plain {
  if (revisionFields.has(name)) {
    if (value <= 0 || value > farRevision) return value;
    const distance = value - context.baseRevision;
    return distance < 0 ? `r${distance}` : `r+${distance}`;
  }
  if (varyingFields.has(name)) return value > 0 ? `some ${name}` : value;
  return value;
}

function plainId(value: bigint, context: AnswerContext): Plain {
  if (value === context.clusterId) return "the cluster";
  if (value === context.memberId) return "the member";
  const lease = context.chosenLeases.indexOf(value);
  return lease === -1 ? `${value}n` : `lease ${String.fromCharCode(65 + lease)}`;
}
