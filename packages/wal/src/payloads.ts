/**
 * What records carry.
 *
 * ```
 *   segment head    version:u16 0:u16 salt:u32 sequence:u64 clusterId:u64 memberId:u64
 *                   nextIndex:u64, then two optional fields: hard state, snapshot mark
 *   append          three optional fields: installed snapshot mark, hard state, entries
 *   local snapshot  snapshot mark
 *   sync mark       nothing
 *   optional field  length:u32, that many bytes; length 0 for absent
 *   entries         count:u32, then for each length:u32 and that many bytes
 * ```
 *
 * All that one append makes durable is one record: a torn one loses all of it, never the hard state
 * without the entries or the other way round.
 */
import {
  decodeEntry,
  decodeHardState,
  decodeSnapshotMark,
  encodeEntry,
  encodeHardState,
  encodeSnapshotMark,
  toLogIndex,
  toMemberId,
  type Entry,
  type HardState,
  type LogIndex,
  type MemberId,
  type SnapshotMark,
} from "@quorate/raft";

/** Whom a log belongs to; fixed when it is created. */
export interface WalMetadata {
  readonly clusterId: bigint;
  readonly memberId: MemberId;
}

/** What each segment starts with, so that it can be read without the ones before it. */
export interface SegmentHead {
  readonly salt: number;
  /** Counts segments from 0. */
  readonly sequence: number;
  readonly metadata: WalMetadata;
  /** One above the last entry of the log when the segment was begun. */
  readonly nextIndex: LogIndex;
  readonly hardState: HardState | undefined;
  /** The newest snapshot mark. */
  readonly snapshot: SnapshotMark | undefined;
}

/** What one append makes durable, all or nothing. */
export interface WalAppend {
  /** A snapshot received from the leader; it replaces the whole log before `entries`. */
  readonly snapshot?: SnapshotMark | undefined;
  /** Ascending without gaps; an index at or below the last one replaces it and what follows. */
  readonly entries: readonly Entry[];
  readonly hardState?: HardState | undefined;
}

/** Bytes that are no payload of their record's type, though the checksum is right. */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
}

/** The format this code writes; the only one it reads. */
export const formatVersion = 1;

/** Reads the format version that any head starts with. @throws {@link PayloadError} */
export function decodeVersion(payload: Uint8Array): number {
  return new PayloadReader(payload).u16();
}

/** Encodes the payload of a segment's first record. */
export function encodeSegmentHead(head: SegmentHead): Uint8Array {
  const fixed = Buffer.alloc(segmentHeadFixedBytes);
  fixed.writeUInt16LE(formatVersion, 0);
  fixed.writeUInt32LE(head.salt, 4);
  fixed.writeBigUInt64LE(BigInt(head.sequence), 8);
  fixed.writeBigUInt64LE(head.metadata.clusterId, 16);
  fixed.writeBigUInt64LE(head.metadata.memberId, 24);
  fixed.writeBigUInt64LE(BigInt(head.nextIndex), 32);
  const hardState = head.hardState === undefined ? nothing : encodeHardState(head.hardState);
  const snapshot = head.snapshot === undefined ? nothing : encodeSnapshotMark(head.snapshot);
  const fields = [lengthOf(hardState), hardState, lengthOf(snapshot), snapshot];
  return Buffer.concat([fixed, ...fields]);
}

/**
 * Decodes a segment head of this format version.
 *
 * @throws {@link PayloadError} or `RaftCodecError`
 */
export function decodeSegmentHead(payload: Uint8Array): SegmentHead {
  const reader = new PayloadReader(payload);
  reader.u16();
  reader.u16();
  const salt = reader.u32();
  const sequence = reader.safe();
  const clusterId = reader.id();
  const memberId = toMemberId(reader.id());
  const nextIndex = toLogIndex(reader.safe());
  const hardState = reader.field();
  const snapshot = reader.field();
  reader.end();
  return {
    salt,
    sequence,
    metadata: { clusterId, memberId },
    nextIndex,
    hardState: hardState.length === 0 ? undefined : decodeHardState(hardState),
    snapshot: snapshot.length === 0 ? undefined : decodeSnapshotMark(snapshot),
  };
}

/** Adds the parts of an append to `chunks`; long data are not copied. */
export function encodeAppend(append: WalAppend, chunks: Uint8Array[]): void {
  const snapshot = append.snapshot === undefined ? nothing : encodeSnapshotMark(append.snapshot);
  const hardState = append.hardState === undefined ? nothing : encodeHardState(append.hardState);
  const { entries } = append;
  chunks.push(lengthOf(snapshot), snapshot, lengthOf(hardState), hardState, u32(entries.length));
  for (const entry of entries) {
    const parts = encodeEntry(entry);
    let length = 0;
    for (const part of parts) length += part.length;
    chunks.push(u32(length), ...parts);
  }
}

/**
 * Decodes an append; the data of its entries are views of `payload`.
 *
 * @throws {@link PayloadError} or `RaftCodecError`
 */
export function decodeAppend(payload: Uint8Array): WalAppend {
  const reader = new PayloadReader(payload);
  const snapshot = reader.field();
  const hardState = reader.field();
  const count = reader.u32();
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) entries.push(decodeEntry(reader.field()));
  reader.end();
  return {
    snapshot: snapshot.length === 0 ? undefined : decodeSnapshotMark(snapshot),
    entries,
    hardState: hardState.length === 0 ? undefined : decodeHardState(hardState),
  };
}

class PayloadReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  id(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  safe(): number {
    const value = Number(this.id());
    if (!Number.isSafeInteger(value)) throw new PayloadError(`${value} is above 2^53 - 1`);
    return value;
  }

  field(): Uint8Array {
    const length = this.u32();
    const offset = this.#take(length);
    return this.#bytes.subarray(offset, offset + length);
  }

  end(): void {
    const left = this.#bytes.length - this.#offset;
    if (left > 0) throw new PayloadError(`${left} bytes are left over`);
  }

  #take(count: number): number {
    const offset = this.#offset;
    const left = this.#bytes.length - offset;
    if (count > left) throw new PayloadError(`${left} bytes are left, expected ${count}`);
    this.#offset = offset + count;
    return offset;
  }
}

const segmentHeadFixedBytes = 40;
const nothing = new Uint8Array(0);

function lengthOf(bytes: Uint8Array): Uint8Array {
  return u32(bytes.length);
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}
