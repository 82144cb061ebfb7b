import { encodeDeletedKeyValue } from "../key-value.ts";
import type { Key } from "../key.ts";
import { varintSize, writeVarint } from "../varint.ts";

/**
 * One change of one key. Its `mvccpb.Event` wire form is made when the first watcher wants it and
 * shared by all (B19): once without and once with the pair before.
 */
export class WatchEvent {
  readonly key: Key;
  readonly main: number;
  readonly isTombstone: boolean;
  /** Stored bytes; of a tombstone the key alone. */
  readonly #row: Uint8Array;
  /** Whether the change began a life of the key, so that there is no pair before. */
  readonly #isCreation: boolean;
  #previous: Uint8Array | undefined;
  #plain: Uint8Array | undefined;
  #withPrevious: Uint8Array | undefined;

  constructor(key: Key, main: number, row: Uint8Array, isTombstone: boolean, isCreation: boolean) {
    this.key = key;
    this.main = main;
    this.isTombstone = isTombstone;
    this.#row = row;
    this.#isCreation = isCreation;
  }

  /** About the length of the wire form, in bytes. */
  get sizeBytes(): number {
    return this.#row.length;
  }

  /** The wire form; shared, must not be changed. */
  plain(): Uint8Array {
    return (this.#plain ??= encodeEvent(this.#keyValue(), this.isTombstone, undefined));
  }

  /**
   * Looks up the pair before the change, for {@link WatchEvent.withPrevious}; once, at the time of
   * the change, because a compaction may take it away.
   */
  findPrevious(previousOf: PreviousLookup): void {
    if (!this.#isCreation) this.#previous ??= previousOf(this.key, this.main);
  }

  /** The wire form with the pair before the change if there was one; shared. */
  withPrevious(): Uint8Array {
    if (this.#previous === undefined) return this.plain();
    this.#withPrevious ??= encodeEvent(this.#keyValue(), this.isTombstone, this.#previous);
    return this.#withPrevious;
  }

  #keyValue(): Uint8Array {
    return this.isTombstone ? encodeDeletedKeyValue(this.key, this.main) : this.#row;
  }
}

/** Stored bytes of a key just before a revision; undefined if there were none or they are gone. */
export type PreviousLookup = (key: Key, main: number) => Uint8Array | undefined;

const typeTag = 0x08;
const deleteType = 1;
const keyValueTag = 0x12;
const previousTag = 0x1a;

function encodeEvent(
  keyValue: Uint8Array,
  isTombstone: boolean,
  previous: Uint8Array | undefined,
): Uint8Array {
  let size = (isTombstone ? 2 : 0) + 1 + varintSize(keyValue.length) + keyValue.length;
  if (previous !== undefined) size += 1 + varintSize(previous.length) + previous.length;
  const target = Buffer.allocUnsafe(size);
  let at = 0;
  if (isTombstone) {
    target[at++] = typeTag;
    target[at++] = deleteType;
  }
  target[at++] = keyValueTag;
  at = writeVarint(target, at, keyValue.length);
  target.set(keyValue, at);
  at += keyValue.length;
  if (previous !== undefined) {
    target[at++] = previousTag;
    at = writeVarint(target, at, previous.length);
    target.set(previous, at);
  }
  return target;
}
