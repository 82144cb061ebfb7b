import { concatBytes, toBytes, type Bytes } from "./bytes.ts";
import { InvalidArgumentError } from "./errors.ts";

/**
 * The keys an operation is about.
 *
 * A plain string or byte array is one key. `prefix` is every key that starts with it (empty:
 * every key), `from` every key at or after it, `begin`/`end` the half-open interval.
 */
export type KeyRange =
  | Bytes
  | { readonly prefix: Bytes }
  | { readonly from: Bytes }
  | { readonly begin: Bytes; readonly end: Bytes };

/** A range as the wire has it: empty `rangeEnd` is one key, a single zero byte "to the end". */
export interface WireRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

const none = new Uint8Array(0);
const toTheEnd = new Uint8Array([0]);

/**
 * The first key behind all keys with a prefix: the last byte that is not 0xff, plus one.
 *
 * @returns A single zero byte ("to the end") when every byte is 0xff or there is none.
 */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let index = prefix.length - 1; index >= 0; index -= 1) {
    const byte = prefix[index] ?? 0xff;
    if (byte === 0xff) continue;
    const end = prefix.slice(0, index + 1);
    end[index] = byte + 1;
    return end;
  }
  return toTheEnd;
}

/**
 * Translates a caller's range into the wire form, inside a namespace.
 *
 * @param namespace - Prefix of every key of the caller; empty for none. Open ends stop at the end
 *   of the namespace.
 * @throws {@link InvalidArgumentError} for an `end` that is empty or a single zero byte.
 */
export function toWireRange(range: KeyRange, namespace: Uint8Array = none): WireRange {
  if (typeof range === "string" || range instanceof Uint8Array) {
    const key = toBytes(range);
    return { key: key.length === 0 ? key : concatBytes(namespace, key), rangeEnd: none };
  }
  if ("prefix" in range) {
    const full = concatBytes(namespace, toBytes(range.prefix));
    const end = prefixEnd(full);
    return { key: full.length === 0 ? toTheEnd : full, rangeEnd: end };
  }
  if ("from" in range) {
    const full = concatBytes(namespace, toBytes(range.from));
    return { key: full.length === 0 ? toTheEnd : full, rangeEnd: prefixEnd(namespace) };
  }
  const begin = concatBytes(namespace, toBytes(range.begin));
  const end = toBytes(range.end);
  // On the wire these two are not bounds but mean "one key" and "to the end".
  if (end.length === 0 || (end.length === 1 && end[0] === 0)) {
    throw new InvalidArgumentError("Cannot end a range before every key: use { from } or one key");
  }
  return {
    key: begin.length === 0 ? toTheEnd : begin,
    rangeEnd: concatBytes(namespace, end),
  };
}

/** The smallest key behind `key`. */
export function keyAfter(key: Uint8Array): Uint8Array {
  return concatBytes(key, toTheEnd);
}
