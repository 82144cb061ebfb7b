import type { FoundVersion } from "./key-index/key-history.ts";
import { encodeKeyOnly } from "./key-value.ts";
import { rangeEndNone, type Key } from "./key.ts";
import type { RangeCursor, RangeQuery } from "./range.ts";
import { newest, type RangeReader } from "./range-reader.ts";
import type { Revision } from "./revision.ts";

/** What a cursor needs of its store. */
export interface CursorSource {
  /** The reader in force; a snapshot install replaces it. */
  readonly reader: RangeReader;
  /** @throws CompactedError once the revision cannot be read any more. */
  checkReadable(revision: number): void;
}

/** See {@link RangeCursor}. */
export class PinnedCursor implements RangeCursor {
  readonly revision: Revision;
  readonly count: number;
  readonly more: boolean;
  readonly #source: CursorSource;
  readonly #at: number;
  readonly #rangeEnd: Key;
  readonly #keysOnly: boolean;
  /** First key not handed out yet. */
  #begin: Key;
  #rest: number;

  /** @param at - The revision to read, not above `revision`. */
  constructor(source: CursorSource, query: RangeQuery, at: number, revision: Revision) {
    const limit = Math.max(0, query.limit ?? 0);
    this.#source = source;
    this.#at = at;
    this.#rangeEnd = query.rangeEnd ?? rangeEndNone;
    this.#keysOnly = query.keysOnly === true;
    this.#begin = query.key;
    this.revision = revision;
    const counted = { ...query, countOnly: true };
    this.count = source.reader.read(counted, at === revision ? newest : at, revision).count;
    this.more = query.countOnly !== true && limit > 0 && this.count > limit;
    this.#rest = this.more ? limit : this.count;
    if (query.countOnly === true) this.#rest = 0;
  }

  get isDone(): boolean {
    return this.#rest === 0;
  }

  next(maxKeys: number, maxBytes?: number): readonly Uint8Array[] {
    this.#source.checkReadable(this.#at);
    const kvs: Uint8Array[] = [];
    if (this.#rest === 0) return kvs;
    const reader = this.#source.reader;
    const isKeysOnly = this.#keysOnly;
    let bytesLeft = maxBytes ?? Number.MAX_SAFE_INTEGER;
    const wanted = Math.min(this.#rest, Math.max(1, maxKeys));
    let last = this.#begin;
    reader.collect(this.#begin, this.#rangeEnd, this.#at, wanted, (key, version) => {
      if (bytesLeft <= 0) return false;
      const kv = encode(reader, key, version, isKeysOnly);
      kvs.push(kv);
      bytesLeft -= kv.length;
      last = key;
      return true;
    });
    this.#begin = `${last}\0`;
    this.#rest = kvs.length === 0 ? 0 : this.#rest - kvs.length;
    return kvs;
  }
}

function encode(
  reader: RangeReader,
  key: Key,
  version: FoundVersion,
  isKeysOnly: boolean,
): Uint8Array {
  if (isKeysOnly) return encodeKeyOnly(key, version.create, version.main, version.version);
  return reader.row(version.main, version.sub);
}
