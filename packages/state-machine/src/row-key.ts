import type { Key } from "@quorate/mvcc";

const scratch = Buffer.alloc(8);

/** Row key of a 64-bit id, signed or not: 8 bytes big-endian, so equal bits give equal rows. */
export function rowKeyOfId(id: bigint): Key {
  scratch.writeBigUInt64BE(BigInt.asUintN(64, id));
  return scratch.toString("latin1");
}

/** Unsigned id that starts at `offset` of a row key. */
export function idOfRowKey(key: Key, offset = 0): bigint {
  scratch.write(key.slice(offset, offset + 8), "latin1");
  return scratch.readBigUInt64BE(0);
}
