import { StoreCorruptError } from "./errors.ts";
import type { Key } from "./key.ts";

/**
 * Row keys of bucket `key`, byte for byte as etcd's: 8 bytes big-endian main revision, `_`, 8 bytes
 * big-endian sub revision, and `t` behind when the version is a tombstone. Byte order is history.
 */

/** Length of a row key without the tombstone mark. */
const plainLength = 17;
const tombstoneMark = 0x74;
const separator = 0x5f;
const twoTo32 = 0x100000000;

/** Row key of a version. Hot: one string. */
export function revisionKey(main: number, sub: number, isTombstone: boolean): Key {
  const high = Math.floor(main / twoTo32);
  const low = main >>> 0;
  const plain = String.fromCharCode(
    0,
    (high >>> 16) & 0xff,
    (high >>> 8) & 0xff,
    high & 0xff,
    low >>> 24,
    (low >>> 16) & 0xff,
    (low >>> 8) & 0xff,
    low & 0xff,
    separator,
    0,
    0,
    0,
    0,
    sub >>> 24,
    (sub >>> 16) & 0xff,
    (sub >>> 8) & 0xff,
    sub & 0xff,
  );
  return isTombstone ? plain + "t" : plain;
}

/** Writes a version's row key and returns the position behind it. Hot: no string is made. */
export function writeRevisionKey(
  target: Uint8Array,
  position: number,
  main: number,
  sub: number,
  isTombstone: boolean,
): number {
  writeUint32(target, position, Math.floor(main / twoTo32));
  writeUint32(target, position + 4, main >>> 0);
  target[position + 8] = separator;
  writeUint32(target, position + 9, 0);
  writeUint32(target, position + 13, sub);
  if (!isTombstone) return position + plainLength;
  target[position + plainLength] = tombstoneMark;
  return position + plainLength + 1;
}

/** Whether a row key is one that {@link revisionKey} makes. */
export function isVersionKey(rowKey: Key): boolean {
  const { length } = rowKey;
  if (length !== plainLength && length !== plainLength + 1) return false;
  if (rowKey.charCodeAt(8) !== separator || uint32At(rowKey, 9) !== 0) return false;
  return length === plainLength || isTombstoneKey(rowKey);
}

/** Main revision of a row key. @throws StoreCorruptError if it is none. */
export function mainOf(rowKey: Key): number {
  if (rowKey.length < plainLength || rowKey.charCodeAt(8) !== separator) {
    throw new StoreCorruptError('a row of bucket "key" has no revision for a key');
  }
  return uint32At(rowKey, 0) * twoTo32 + uint32At(rowKey, 4);
}

/** Sub revision of a row key that {@link mainOf} accepted. */
export function subOf(rowKey: Key): number {
  return uint32At(rowKey, 13);
}

/** Whether a row key that {@link mainOf} accepted is a tombstone's. */
export function isTombstoneKey(rowKey: Key): boolean {
  return rowKey.length > plainLength && rowKey.charCodeAt(plainLength) === tombstoneMark;
}

function uint32At(rowKey: Key, position: number): number {
  return (
    rowKey.charCodeAt(position) * 0x1000000 +
    ((rowKey.charCodeAt(position + 1) << 16) |
      (rowKey.charCodeAt(position + 2) << 8) |
      rowKey.charCodeAt(position + 3))
  );
}

function writeUint32(target: Uint8Array, position: number, value: number): void {
  target[position] = value >>> 24;
  target[position + 1] = value >>> 16;
  target[position + 2] = value >>> 8;
  target[position + 3] = value;
}
