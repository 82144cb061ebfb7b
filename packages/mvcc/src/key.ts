/**
 * A key of the store as a *latin1 binary string*: one character is one byte (U+0000 to U+00FF).
 *
 * @remarks JavaScript compares such strings with `<` exactly as unsigned bytes compare, V8 stores
 * them at one byte a character, and they work as `Map` keys.
 */
export type Key = string;

/** Range end that means "every key from the start on" (etcd's single zero byte). */
export const rangeEndAll: Key = "\0";

/** Range end that means "the single key". */
export const rangeEndNone: Key = "";

/** Makes a key from bytes; copies, so the bytes may be reused. O(length). */
export function keyFromBytes(bytes: Uint8Array): Key {
  return latin1Slice.call(bytes, 0, bytes.length);
}

/** Makes a key from a part of bytes. O(length). */
export function keyFromPart(bytes: Uint8Array, begin: number, end: number): Key {
  return latin1Slice.call(bytes, begin, end);
}

/** Makes fresh bytes from a key. O(length). */
export function keyToBytes(key: Key): Uint8Array {
  return Buffer.from(key, "latin1");
}

/**
 * Tells whether `key` lies in `[begin, rangeEnd)`, with the meanings of {@link rangeEndAll} and
 * {@link rangeEndNone}.
 */
export function isInRange(key: Key, begin: Key, rangeEnd: Key): boolean {
  if (rangeEnd === rangeEndNone) return key === begin;
  return key >= begin && (rangeEnd === rangeEndAll || key < rangeEnd);
}

/** Range end of "every key that starts with `prefix`"; {@link rangeEndAll} if there is no bound. */
export function prefixRangeEnd(prefix: Key): Key {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const code = prefix.charCodeAt(index);
    if (code < 0xff) return prefix.slice(0, index) + String.fromCharCode(code + 1);
  }
  return rangeEndAll;
}

/** The same memory as a `Buffer`, without a copy; a `Buffer` comes back as it is. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Whether a range is written the wrong way round, or empty: an end that is not above its key. */
export function isInvertedRange(key: Key, rangeEnd: Key): boolean {
  return rangeEnd !== rangeEndNone && rangeEnd !== rangeEndAll && key >= rangeEnd;
}

/**
 * Hot: what `Buffer.toString("latin1")` calls; it takes any `Uint8Array`, so no `Buffer` is made.
 */
const latin1Slice: Latin1Slice = findLatin1Slice();

type Latin1Slice = (this: Uint8Array, begin: number, end: number) => string;

function findLatin1Slice(): Latin1Slice {
  const found: unknown = Reflect.get(Buffer.prototype, "latin1Slice");
  if (isLatin1Slice(found)) return found;
  return function slice(this: Uint8Array, begin: number, end: number): string {
    return asBuffer(this).toString("latin1", begin, end);
  };
}

function isLatin1Slice(found: unknown): found is Latin1Slice {
  return typeof found === "function";
}
