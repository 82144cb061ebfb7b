import { assert } from "./assert.ts";
import type { Backend } from "./backend/backend.ts";
import { FutureRevisionError } from "./errors.ts";
import type { KeyIndex } from "./key-index/key-index.ts";
import { keyValueSize, tombstoneSize, writeKeyValue, writeTombstone } from "./key-value.ts";
import { rangeEndNone, type Key } from "./key.ts";
import type { KeyVersion, RangeQuery, RangeResult } from "./range.ts";
import { newest, type RangeReader } from "./range-reader.ts";
import type { Revision } from "./revision.ts";
import { WatchEvent } from "./watch/watch-event.ts";
import type { WriteTxn } from "./write-txn.ts";

/** What a transaction needs of its store. */
export interface TxnHost {
  readonly backend: Backend;
  readonly index: KeyIndex;
  readonly reader: RangeReader;
  readonly currentRevision: Revision;
  readonly compactRevision: number;
  readonly counters: OperationCounters;
  /** Whether anybody wants to hear of changes. */
  readonly hasListeners: boolean;
  /** @throws CompactedError, FutureRevisionError */
  checkReadable(revision: number): void;
  /** Takes the transaction's end. */
  finish(txn: StoreTxn): void;
}

/** Operations of a store so far. */
export interface OperationCounters {
  rangeTotal: number;
  putTotal: number;
  deleteTotal: number;
  txnTotal: number;
  putSizeBytes: number;
}

/** See {@link WriteTxn}. Hot: one object serves all transactions of a store, one after another. */
export class StoreTxn implements WriteTxn {
  /** Changes for the watchers, in order; empty while nobody listens. A new list for each. */
  #events: WatchEvent[] = noEvents;
  readonly #host: TxnHost;
  #revision: Revision;
  #changes = 0;
  #operations = 0;
  #isEnded = true;

  constructor(host: TxnHost) {
    this.#host = host;
    this.#revision = host.currentRevision;
  }

  /** Opens it again; the one before has ended. */
  begin(revision: Revision): void {
    assert(this.#isEnded, "one write transaction at a time");
    this.#revision = revision;
    this.#events = noEvents;
    this.#changes = 0;
    this.#operations = 0;
    this.#isEnded = false;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  get revision(): Revision {
    return this.#revision;
  }

  get events(): readonly WatchEvent[] {
    return this.#events;
  }

  get hasChanges(): boolean {
    return this.#changes > 0;
  }

  /** Reads and writes so far. */
  get operations(): number {
    return this.#operations;
  }

  get(key: Key): Uint8Array | undefined {
    this.#host.counters.rangeTotal++;
    const history = this.#host.index.findLive(key);
    return history === undefined ? undefined : this.#host.reader.row(history.main, history.sub);
  }

  versionOf(key: Key): KeyVersion | undefined {
    const history = this.#host.index.findLive(key);
    if (history === undefined) return undefined;
    const { create, main, version } = history;
    return { createRevision: create, modRevision: main, version };
  }

  range(query: RangeQuery): RangeResult {
    const host = this.#host;
    this.#operations++;
    host.counters.rangeTotal++;
    const revision = this.hasChanges ? this.revision : host.currentRevision;
    const wanted = query.revision ?? 0;
    if (wanted <= 0) return host.reader.read(query, newest, revision);
    if (wanted > host.currentRevision) {
      throw new FutureRevisionError(wanted, host.currentRevision);
    }
    host.checkReadable(wanted);
    const isNewest = wanted === host.currentRevision && !this.hasChanges;
    return host.reader.read(query, isNewest ? newest : wanted, revision);
  }

  put(key: Key, value: Uint8Array, lease: bigint): void {
    assert(!this.#isEnded, "a transaction is not written to after its end");
    const { backend, counters, hasListeners, index } = this.#host;
    const main = this.revision;
    const sub = this.#changes++;
    this.#operations++;
    const { create, version } = index.put(key, main, sub);
    const size = keyValueSize(key, create, main, version, value, lease);
    const space = backend.stageVersion(main, sub, false, size);
    const { begin } = space;
    writeKeyValue(space.bytes, begin, key, create, main, version, value, lease);
    counters.putTotal++;
    counters.putSizeBytes += key.length + value.length;
    if (!hasListeners) return;
    const row = space.view(begin, begin + size);
    this.#addEvent(new WatchEvent(key, main, row, false, create === main));
  }

  deleteRange(key: Key, rangeEnd: Key): readonly Key[] {
    assert(!this.#isEnded, "a transaction is not written to after its end");
    const { counters, index } = this.#host;
    this.#operations++;
    counters.deleteTotal++;
    if (rangeEnd === rangeEndNone) return this.#delete(key) ? [key] : [];
    const keys: Key[] = [];
    index.visit(key, rangeEnd, (found, history) => {
      if (!history.isEnded) keys.push(found);
      return true;
    });
    for (const found of keys) this.#delete(found);
    return keys;
  }

  end(): Revision {
    assert(!this.#isEnded, "a transaction ends once");
    this.#isEnded = true;
    this.#host.finish(this);
    return this.#host.currentRevision;
  }

  #delete(key: Key): boolean {
    const { backend, hasListeners, index } = this.#host;
    const main = this.revision;
    if (!index.delete(key, main, this.#changes)) return false;
    const size = tombstoneSize(key);
    const space = backend.stageVersion(main, this.#changes++, true, size);
    const { begin } = space;
    writeTombstone(space.bytes, begin, key);
    if (hasListeners) {
      const row = space.view(begin, begin + size);
      this.#addEvent(new WatchEvent(key, main, row, true, false));
    }
    return true;
  }

  #addEvent(event: WatchEvent): void {
    if (this.#events === noEvents) this.#events = [event];
    else this.#events.push(event);
  }
}

/** Stands for the list of a transaction that nobody hears of; never added to. */
const noEvents: WatchEvent[] = [];
