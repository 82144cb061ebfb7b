/** Short forms for the messages that scenarios send; keys and values are written as text. */
import {
  CompareCompareResult,
  CompareCompareTarget,
  type CompareInit,
  type DeleteRangeRequestInit,
  type PutRequestInit,
  type RangeRequestInit,
  type RequestOpInit,
  type TxnRequestInit,
} from "@quorate/api";

/** Text or bytes. */
export type Text = string | Uint8Array;

/** Options of a range beside its key. */
export interface RangeParts extends Omit<RangeRequestInit, "key" | "rangeEnd"> {
  readonly end?: Text;
}

/** Options of a put beside key and value. */
export type PutParts = Omit<PutRequestInit, "key" | "value">;

/** Options of a delete beside its key. */
export interface DeleteParts extends Omit<DeleteRangeRequestInit, "key" | "rangeEnd"> {
  readonly end?: Text;
}

/** Turns text into bytes, one byte a character. */
export function bytes(text: Text): Uint8Array {
  return typeof text === "string" ? new Uint8Array(Buffer.from(text, "latin1")) : text;
}

/** `RangeRequest`. */
export function range(key: Text, { end = "", ...rest }: RangeParts = {}): RangeRequestInit {
  return { ...rest, key: bytes(key), rangeEnd: bytes(end) };
}

/** `PutRequest`. */
export function put(key: Text, value: Text = "", parts: PutParts = {}): PutRequestInit {
  return { ...parts, key: bytes(key), value: bytes(value) };
}

/** `DeleteRangeRequest`. */
export function del(key: Text, { end = "", ...rest }: DeleteParts = {}): DeleteRangeRequestInit {
  return { ...rest, key: bytes(key), rangeEnd: bytes(end) };
}

/** Operations of a transaction. */
export const op = {
  range: (key: Text, parts: RangeParts = {}): RequestOpInit => ({
    request: { case: "requestRange", value: range(key, parts) },
  }),
  put: (key: Text, value: Text = "", parts: PutParts = {}): RequestOpInit => ({
    request: { case: "requestPut", value: put(key, value, parts) },
  }),
  delete: (key: Text, parts: DeleteParts = {}): RequestOpInit => ({
    request: { case: "requestDeleteRange", value: del(key, parts) },
  }),
  txn: (value: TxnRequestInit): RequestOpInit => ({ request: { case: "requestTxn", value } }),
} as const;

const operators = {
  "=": CompareCompareResult.EQUAL,
  ">": CompareCompareResult.GREATER,
  "<": CompareCompareResult.LESS,
  "!=": CompareCompareResult.NOT_EQUAL,
} as const;

/** How a field is compared. */
export type Operator = keyof typeof operators;

/** All ways to compare. */
export const allOperators: readonly Operator[] = ["=", ">", "<", "!="];

const targets = {
  version: CompareCompareTarget.VERSION,
  createRevision: CompareCompareTarget.CREATE,
  modRevision: CompareCompareTarget.MOD,
} as const;

/** Comparisons of a transaction. */
export const compare = {
  number: (
    field: keyof typeof targets,
    key: Text,
    operator: Operator,
    value: number,
    end: Text = "",
  ): CompareInit => ({
    key: bytes(key),
    rangeEnd: bytes(end),
    target: targets[field],
    result: operators[operator],
    targetUnion: { case: field, value },
  }),
  value: (key: Text, operator: Operator, value: Text, end: Text = ""): CompareInit => ({
    key: bytes(key),
    rangeEnd: bytes(end),
    target: CompareCompareTarget.VALUE,
    result: operators[operator],
    targetUnion: { case: "value", value: bytes(value) },
  }),
  lease: (key: Text, operator: Operator, value: bigint, end: Text = ""): CompareInit => ({
    key: bytes(key),
    rangeEnd: bytes(end),
    target: CompareCompareTarget.LEASE,
    result: operators[operator],
    targetUnion: { case: "lease", value },
  }),
} as const;
