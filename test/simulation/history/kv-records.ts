/** What clients saw of keys and values: each operation, when it was called, and what came back. */
import type { TruthPair } from "./truth.ts";

/** A pair as an answer shows it; texts are latin1 of the bytes. */
export interface KvPair extends TruthPair {
  readonly key: string;
}

/** Keys of the half-open interval; `rangeEnd` is "" for one key, "\0" for "to the end". */
export interface KvKeys {
  readonly key: string;
  readonly rangeEnd: string;
}

/** Writes one pair. */
export interface KvPut {
  readonly kind: "put";
  readonly key: string;
  /** Unique in the run: it identifies this operation in the store's history. */
  readonly value: string;
  /** Whether the pair before is asked for. */
  readonly previous: boolean;
}

/** Removes pairs. */
export interface KvDelete extends KvKeys {
  readonly kind: "delete";
  /** Whether the removed pairs are asked for. */
  readonly previous: boolean;
}

/** Reads pairs. */
export interface KvRange extends KvKeys {
  readonly kind: "range";
  /** 0 for the newest. */
  readonly revision: number;
  /** 0 for all. */
  readonly limit: number;
  readonly isSerializable: boolean;
  readonly keysOnly: boolean;
  readonly countOnly: boolean;
  readonly sort: KvSort | undefined;
}

/** Order of a range answer. */
export interface KvSort {
  readonly by: "key" | "version" | "create-revision" | "mod-revision" | "value";
  readonly order: "ascending" | "descending";
}

/** If all compares hold, one list of steps, else the other. */
export interface KvTxn {
  readonly kind: "txn";
  readonly compares: readonly KvCompare[];
  readonly success: readonly KvOperation[];
  readonly failure: readonly KvOperation[];
}

/** A condition on one key or on all keys of a range. */
export type KvCompare = KvKeys & { readonly operator: "==" | "!=" | "<" | ">" } & (
    | { readonly target: "version" | "create" | "mod"; readonly operand: number }
    | { readonly target: "value"; readonly operand: string }
  );

/** Whatever a client asks of the key space. */
export type KvOperation = KvPut | KvDelete | KvRange | KvTxn;

/** Answer of an operation; `revision` is that of its header, 0 in a nested transaction. */
export type KvAnswer =
  | { readonly kind: "put"; readonly revision: number; readonly previous: KvPair | undefined }
  | {
      readonly kind: "delete";
      readonly revision: number;
      readonly deleted: number;
      readonly previous: readonly KvPair[];
    }
  | {
      readonly kind: "range";
      readonly revision: number;
      readonly pairs: readonly KvPair[];
      readonly count: number;
      readonly more: boolean;
    }
  | {
      readonly kind: "txn";
      readonly revision: number;
      readonly succeeded: boolean;
      readonly results: readonly KvAnswer[];
    };

/** What became of an operation as its client knows it. */
export type KvOutcome =
  | { readonly kind: "ok"; readonly memberId: bigint; readonly answer: KvAnswer }
  /** It failed, and will never take effect (P6). */
  | { readonly kind: "error"; readonly code: string }
  /** It may have taken effect, may still do so, or never. */
  | { readonly kind: "unknown"; readonly code: string };

/** One operation of one client. */
export interface KvRecord {
  readonly client: string;
  readonly operation: KvOperation;
  /** Virtual time; for comparison with the store's history and for people. */
  readonly callMillis: number;
  readonly returnMillis: number;
  /** Place of the call and of the return among all of the workload: exact where times are equal. */
  readonly callSequence: number;
  readonly returnSequence: number;
  readonly outcome: KvOutcome;
}

/** How an operation reaches the state: through the log, by a confirmed read, or neither. */
export type KvAccess = "write" | "read" | "serializable";

/** The way that the server takes for an operation. */
export function accessOf(operation: KvOperation): KvAccess {
  switch (operation.kind) {
    case "put":
    case "delete":
      return "write";
    case "range":
      return operation.isSerializable ? "serializable" : "read";
    case "txn": {
      const ways = [...operation.success, ...operation.failure].map((step) =>
        step.kind === "txn" ? "write" : accessOf(step),
      );
      if (ways.includes("write")) return "write";
      return ways.includes("read") ? "read" : "serializable";
    }
  }
}

/** All puts of an operation, those of both branches at any depth. */
export function putsOf(operation: KvOperation): readonly KvPut[] {
  switch (operation.kind) {
    case "put":
      return [operation];
    case "txn":
      return [...operation.success, ...operation.failure].flatMap(putsOf);
    default:
      return [];
  }
}

/** Whether an answer tells of a change of the store. */
export function hasWritten(answer: KvAnswer): boolean {
  switch (answer.kind) {
    case "put":
      return true;
    case "delete":
      return answer.deleted > 0;
    case "range":
      return false;
    case "txn":
      return answer.results.some(hasWritten);
  }
}

/** The first key behind all keys with a prefix, for `rangeEnd`. */
export function prefixEndOf(prefix: string): string {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const code = prefix.charCodeAt(index);
    if (code < 0xff) return prefix.slice(0, index) + String.fromCharCode(code + 1);
  }
  return "\0";
}

/** Whether a range holds a key. */
export function holdsKey(range: KvKeys, key: string): boolean {
  if (range.rangeEnd === "") return key === range.key;
  return key >= range.key && (range.rangeEnd === "\0" || key < range.rangeEnd);
}

/** An operation in words. */
export function describeOperation(operation: KvOperation): string {
  switch (operation.kind) {
    case "put":
      return `put ${operation.key} ${JSON.stringify(operation.value)}`;
    case "delete":
      return `delete ${describeKeys(operation)}`;
    case "range": {
      const at = operation.revision === 0 ? "" : ` at ${operation.revision}`;
      const how = operation.isSerializable ? "serializable " : "";
      return `${how}range ${describeKeys(operation)}${at}`;
    }
    case "txn": {
      const compares = operation.compares.map(
        (compare) =>
          `${compare.target}(${describeKeys(compare)}) ${compare.operator} ${compare.operand}`,
      );
      const steps = (list: readonly KvOperation[]): string =>
        list.map(describeOperation).join("; ");
      const [success, failure] = [steps(operation.success), steps(operation.failure)];
      return `txn if ${compares.join(" and ")} {${success}} else {${failure}}`;
    }
  }
}

/** A record in words. */
export function describeRecord(record: KvRecord): string {
  const { client, operation, callMillis, returnMillis, outcome } = record;
  const what = outcome.kind === "ok" ? describeAnswer(outcome.answer) : outcome.kind;
  return `${client} [${callMillis}, ${returnMillis}] ${describeOperation(operation)}: ${what}`;
}

function describeAnswer(answer: KvAnswer): string {
  const toText = (_name: string, field: unknown): unknown =>
    typeof field === "bigint" ? field.toString() : field;
  return JSON.stringify(answer, toText);
}

function describeKeys({ key, rangeEnd }: KvKeys): string {
  return rangeEnd === "" ? key : `[${key}, ${JSON.stringify(rangeEnd)})`;
}
