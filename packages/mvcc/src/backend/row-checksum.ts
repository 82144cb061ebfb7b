/**
 * Checksums of stored rows, against bytes that change on the disk: databases have none (B7).
 *
 * Behind each value stand four bytes, the XXH32 of the value, little-endian. Its seed is made of
 * bucket and row key, so that a row in another's place is wrong too. XXH32 takes words of 32 bits
 * one after the other, each by a step that loses nothing of what was before: damage within one word
 * is always found, any other is missed once in 2^32.
 *
 * Source: Yann Collet, "xxHash fast digest algorithm", version 0.1.1.
 */
import type { Key } from "../key.ts";
import { isTombstoneKey, isVersionKey, mainOf, subOf } from "../revision-key.ts";
import { bucketNames, type BucketName } from "./backend.ts";
import type { Slab } from "./slab.ts";

/** Bytes behind each stored value. */
export const checksumBytes: number = 4;

const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;
const twoTo32 = 0x100000000;

/**
 * XXH32 of the bytes `begin` to `end` (exclusive).
 *
 * @returns Signed 32-bit number. O(bytes), 0.2 ns each and 20 ns.
 */
// Hot: a `DataView` reads a word at once, which halves the time of four bytes put together.
export function xxh32(view: DataView, begin: number, end: number, seed: number): number {
  let hash = (seed + prime5) | 0;
  let at = begin;
  if (end - begin >= 16) {
    let a = (seed + prime1 + prime2) | 0;
    let b = (seed + prime2) | 0;
    let c = seed | 0;
    let d = (seed - prime1) | 0;
    for (const last = end - 16; at <= last; at += 16) {
      a = stepLane(a, view.getInt32(at, true));
      b = stepLane(b, view.getInt32(at + 4, true));
      c = stepLane(c, view.getInt32(at + 8, true));
      d = stepLane(d, view.getInt32(at + 12, true));
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  hash = (hash + end - begin) | 0;
  for (; at + 4 <= end; at += 4) hash = stepWord(hash, view.getInt32(at, true));
  for (; at < end; at++) hash = stepByte(hash, view.getUint8(at));
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return hash ^ (hash >>> 16);
}

/** Seed of the row of a version, in bucket `key`. */
export function versionSeed(main: number, sub: number, isTombstone: boolean): number {
  const high = stepWord(isTombstone ? prime4 : prime5, Math.floor(main / twoTo32));
  return stepWord(stepWord(high, main | 0), sub | 0);
}

/** Seed of any row; for a version the same as {@link versionSeed}. */
export function rowSeed(bucket: BucketName, key: Key): number {
  if (bucket === "key" && isVersionKey(key)) {
    return versionSeed(mainOf(key), subOf(key), isTombstoneKey(key));
  }
  let seed = stepWord(key.length, bucketNames.indexOf(bucket));
  for (let at = 0; at < key.length; at++) seed = stepByte(seed, key.charCodeAt(at));
  return seed;
}

/** A row's value as it is stored. */
export function sealRow(bucket: BucketName, key: Key, value: Uint8Array): Uint8Array {
  const { length } = value;
  const sealed = Buffer.allocUnsafe(length + checksumBytes);
  sealed.set(value);
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
  view.setInt32(length, xxh32(view, 0, length, rowSeed(bucket, key)), true);
  return sealed;
}

/** Puts the checksum behind a version that lies in a slab from `start` to `end`, within these. */
export function sealVersion(slab: Slab, main: number, sub: number, isTombstone: boolean): void {
  const { memory, start } = slab;
  const end = slab.end - checksumBytes;
  memory.setInt32(end, xxh32(memory, start, end, versionSeed(main, sub, isTombstone)), true);
}

function stepLane(lane: number, word: number): number {
  return Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);
}

function stepWord(hash: number, word: number): number {
  return Math.imul(rotate((hash + Math.imul(word, prime3)) | 0, 17), prime4);
}

function stepByte(hash: number, byte: number): number {
  return Math.imul(rotate((hash + Math.imul(byte, prime5)) | 0, 11), prime1);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
