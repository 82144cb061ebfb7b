import { StoreCorruptError } from "./errors.ts";
import type { Key } from "./key.ts";
import { varint64Size, varintSize, writeVarint, writeVarint64 } from "./varint.ts";

/**
 * The stored value of a key **is** the wire form of protobuf `mvccpb.KeyValue`: fields key=1,
 * create_revision=2, mod_revision=3, version=4, value=5, lease=6; zero values are left out.
 */
export interface StoredKeyValue {
  /** View into the stored bytes. */
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation, one more for each put; 0 in the row of a tombstone. */
  readonly version: number;
  /** View into the stored bytes. */
  readonly value: Uint8Array;
  /** 0n if none. */
  readonly lease: bigint;
}

/** Decodes stored bytes. @throws StoreCorruptError if they are no `KeyValue` (B7). */
export function decodeStored(bytes: Uint8Array): StoredKeyValue {
  const fields = new StoredFields();
  fields.read(bytes);
  return {
    key: bytes.subarray(fields.keyBegin, fields.keyEnd),
    createRevision: fields.create,
    modRevision: fields.main,
    version: fields.version,
    value: bytes.subarray(fields.valueBegin, fields.valueEnd),
    lease: fields.lease,
  };
}

/** Where the fields of stored bytes are; one object serves many rows, so that scans make none. */
export class StoredFields {
  keyBegin = 0;
  keyEnd = 0;
  create = 0;
  main = 0;
  version = 0;
  valueBegin = 0;
  valueEnd = 0;
  lease = 0n;
  #position = 0;

  /** Reads a row; unknown fields are passed over. @throws StoreCorruptError */
  read(bytes: Uint8Array): void {
    this.#reset();
    const { length } = bytes;
    while (this.#position < length) {
      const tag = this.#varint(bytes, length);
      if (tag === createTag) this.create = this.#varint(bytes, length);
      else if (tag === modTag) this.main = this.#varint(bytes, length);
      else if (tag === versionTag) this.version = this.#varint(bytes, length);
      else if (tag === leaseTag) this.lease = this.#varint64(bytes, length);
      else if ((tag & 7) === 2) this.#readView(bytes, length, tag);
      else if ((tag & 7) === 0) this.#varint64(bytes, length);
      else throw corruptRow();
    }
  }

  #reset(): void {
    this.keyBegin = 0;
    this.keyEnd = 0;
    this.create = 0;
    this.main = 0;
    this.version = 0;
    this.valueBegin = 0;
    this.valueEnd = 0;
    this.lease = 0n;
    this.#position = 0;
  }

  #readView(bytes: Uint8Array, length: number, tag: number): void {
    const size = this.#varint(bytes, length);
    const begin = this.#position;
    const end = begin + size;
    if (end > length) throw corruptRow();
    this.#position = end;
    if (tag === keyTag) {
      this.keyBegin = begin;
      this.keyEnd = end;
    } else if (tag === valueTag) {
      this.valueBegin = begin;
      this.valueEnd = end;
    }
  }

  #varint(bytes: Uint8Array, length: number): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 8; count++) {
      if (this.#position >= length) throw corruptRow();
      const byte = bytes[this.#position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) throw corruptRow();
        return value;
      }
      scale *= 0x80;
    }
    throw corruptRow();
  }

  #varint64(bytes: Uint8Array, length: number): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      if (this.#position >= length) throw corruptRow();
      const byte = bytes[this.#position++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw corruptRow();
  }
}

function corruptRow(): StoreCorruptError {
  return new StoreCorruptError("a row is not a valid key-value message");
}

/** Field tags: (number << 3) | wire type. */
const keyTag = 0x0a;
const createTag = 0x10;
const modTag = 0x18;
const versionTag = 0x20;
const valueTag = 0x2a;
const leaseTag = 0x30;

const noBytes = new Uint8Array(0);

/** Encodes a pair; `value` is copied. */
export function encodeKeyValue(
  key: Key,
  create: number,
  main: number,
  version: number,
  value: Uint8Array,
  lease: bigint,
): Uint8Array {
  const size = keyValueSize(key, create, main, version, value, lease);
  const target = Buffer.allocUnsafe(size);
  writeKeyValue(target, 0, key, create, main, version, value, lease);
  return target;
}

/** Bytes that {@link writeKeyValue} writes. */
export function keyValueSize(
  key: Key,
  create: number,
  main: number,
  version: number,
  value: Uint8Array,
  lease: bigint,
): number {
  const keyLength = key.length;
  const valueLength = value.length;
  let size = 1 + varintSize(keyLength) + keyLength;
  size += 3 + varintSize(create) + varintSize(main) + varintSize(version);
  if (valueLength > 0) size += 1 + varintSize(valueLength) + valueLength;
  if (lease !== 0n) size += 1 + varint64Size(lease);
  return size;
}

/** Writes the stored bytes of a pair at a position. Hot: every put comes here, nothing is made. */
export function writeKeyValue(
  target: Buffer,
  position: number,
  key: Key,
  create: number,
  main: number,
  version: number,
  value: Uint8Array,
  lease: bigint,
): void {
  const valueLength = value.length;
  let at = writeKeyField(target, position, key);
  target[at++] = createTag;
  at = writeVarint(target, at, create);
  target[at++] = modTag;
  at = writeVarint(target, at, main);
  target[at++] = versionTag;
  at = writeVarint(target, at, version);
  if (valueLength > 0) {
    target[at++] = valueTag;
    at = writeVarint(target, at, valueLength);
    target.set(value, at);
    at += valueLength;
  }
  if (lease !== 0n) {
    target[at++] = leaseTag;
    writeVarint64(target, at, lease);
  }
}

/** Encodes the row of a tombstone: the key alone, as etcd stores it. */
export function encodeTombstone(key: Key): Uint8Array {
  const target = Buffer.allocUnsafe(tombstoneSize(key));
  writeTombstone(target, 0, key);
  return target;
}

/** Bytes that {@link writeTombstone} writes. */
export function tombstoneSize(key: Key): number {
  return 1 + varintSize(key.length) + key.length;
}

/** Writes the row of a tombstone at a position. */
export function writeTombstone(target: Buffer, position: number, key: Key): void {
  writeKeyField(target, position, key);
}

/** Encodes the `kv` of a DELETE event: key and mod revision. */
export function encodeDeletedKeyValue(key: Key, main: number): Uint8Array {
  const keySize = 1 + varintSize(key.length) + key.length;
  const target = Buffer.allocUnsafe(keySize + 1 + varintSize(main));
  const at = writeKeyField(target, 0, key);
  target[at] = modTag;
  writeVarint(target, at + 1, main);
  return target;
}

/** Encodes a pair without its value, with the lease of the stored bytes. */
export function withoutValue(stored: Uint8Array, key: Key): Uint8Array {
  const { createRevision, modRevision, version, lease } = decodeStored(stored);
  return encodeKeyValue(key, createRevision, modRevision, version, noBytes, lease);
}

/** Encodes what the index knows of a pair: no value, no lease. */
export function encodeKeyOnly(key: Key, create: number, main: number, version: number): Uint8Array {
  return encodeKeyValue(key, create, main, version, noBytes, 0n);
}

function writeKeyField(target: Buffer, position: number, key: Key): number {
  target[position] = keyTag;
  const at = writeVarint(target, position + 1, key.length);
  const length = key.length;
  // Hot: below some 40 bytes the loop beats the call into the runtime.
  if (length > 40) target.write(key, at, "latin1");
  else for (let index = 0; index < length; index++) target[at + index] = key.charCodeAt(index);
  return at + length;
}
