import type { Timer, Timers } from "@quorate/platform";
import type { Key } from "../key.ts";
import type { Revision } from "../revision.ts";
import { HubStream } from "./hub-stream.ts";
import type { LogSource } from "./log-sweep.ts";
import { sweepLog } from "./log-sweep.ts";
import type { WatcherStatus, WatchSink, WatchStream } from "./watch-stream.ts";
import type { WatchEvent } from "./watch-event.ts";
import { WatcherGroup } from "./watcher-group.ts";
import type { Watcher } from "./watcher.ts";

/**
 * Brings every change to every watcher, once and in order (W1 to W11).
 *
 * *Synced* watchers have seen everything; the store feeds them as it writes. All others read the
 * log
 * (bucket `key` is ordered by revision) in slices between turns of the event loop:
 *
 *     created in the past ─┐                        ┌─► sink
 *     parked, then resumed ┼─► unsynced ─ slices ───┤
 *     store replaced ──────┘       ▲                └─► synced ─ live ─► sink
 *                                  └── the sink is full ──────┘
 *
 * Unsynced watchers stand in groups by the revision they need next. A slice takes the group that
 * waited longest, reads a stretch of the log and feeds all watchers whose revision lies on the
 * stretch; afterwards they stand together behind it. So groups only ever merge, a thousand watchers
 * that start anywhere cost few passes over the log, and none starves.
 */
export class WatchHub {
  readonly #source: LogSource;
  readonly #timers: Timers;
  readonly #limits: WatchLimits;
  readonly #streams = new Set<HubStream>();
  readonly #synced = new WatcherGroup();
  readonly #unsynced = new WatcherGroup();
  /** Unsynced watchers that may go on, by the revision they need; in order of turn. */
  readonly #positions = new Map<number, Set<Watcher>>();
  readonly #parked = new Set<Watcher>();
  /** Watchers that could not be served by the `notify` under way. */
  readonly #overflowed: Watcher[] = [];
  #slice: Timer | undefined;
  #round = 0;
  #eventsTotal = 0;
  #isStopped = false;

  constructor(source: LogSource, timers: Timers, limits: WatchLimits) {
    this.#source = source;
    this.#timers = timers;
    this.#limits = limits;
  }

  get currentRevision(): Revision {
    return this.#source.currentRevision;
  }

  /** Whether the store may skip the making of events. */
  get hasSynced(): boolean {
    return this.#synced.size > 0;
  }

  openStream(sink: WatchSink): WatchStream {
    const stream = new HubStream(this, sink);
    this.#streams.add(stream);
    return stream;
  }

  /** Delivers the events of one new revision to synced watchers. Hot. */
  notify(main: number, events: readonly WatchEvent[]): void {
    const [only] = events;
    if (events.length === 1 && only !== undefined) {
      this.#synced.match(only.key, (watcher) => {
        this.#deliverLive(watcher, main, only, events);
      });
      this.#park();
      return;
    }
    const touched: Watcher[] = [];
    for (const event of events) {
      this.#synced.match(event.key, (watcher) => {
        if (watcher.gathered.length === 0) touched.push(watcher);
        watcher.gathered.push(event);
      });
    }
    for (const watcher of touched) {
      const gathered = watcher.gathered;
      watcher.gathered = [];
      const [first] = gathered;
      if (first !== undefined) this.#deliverLive(watcher, main, first, gathered);
    }
    this.#park();
  }

  /** History before the compact revision is gone: whoever needs it is told in the next slice. */
  compacted(): void {
    for (const watcher of this.#parked) {
      if (watcher.nextRevision < this.#source.compactRevision) this.#endCompacted(watcher);
    }
    this.#schedule();
  }

  /** Stops catch-up while the store is being replaced. */
  pause(): void {
    this.#isStopped = true;
    this.#slice?.cancel();
    this.#slice = undefined;
  }

  /**
   * The store was replaced by a later state: nobody sees anything twice or misses anything (C38).
   */
  restored(revisionBefore: number): void {
    this.#isStopped = false;
    for (const watcher of [...this.#synced.watchers()]) {
      watcher.nextRevision = Math.max(watcher.nextRevision, revisionBefore + 1);
      if (watcher.nextRevision > this.currentRevision) continue;
      this.#synced.delete(watcher);
      this.#enqueue(watcher);
    }
    this.compacted();
  }

  register(watcher: Watcher): void {
    if (watcher.nextRevision > this.currentRevision) this.#sync(watcher);
    else this.#enqueue(watcher);
  }

  unregister(watcher: Watcher): void {
    this.#synced.delete(watcher);
    this.#leaveUnsynced(watcher);
    watcher.state = "closed";
  }

  unpark(watcher: Watcher): void {
    this.#parked.delete(watcher);
    this.#enqueue(watcher);
  }

  forget(stream: HubStream): void {
    this.#streams.delete(stream);
  }

  statusOf(watcher: Watcher): WatcherStatus {
    if (watcher.state === "compacted") return "compacted";
    if (watcher.state !== "synced") return "unsynced";
    return watcher.startRevision > this.currentRevision ? "future" : "synced";
  }

  stats(): WatchStats {
    let watcherTotal = 0;
    for (const stream of this.#streams) watcherTotal += stream.watcherCount;
    let oldest = this.currentRevision + 1;
    for (const watcher of this.#unsynced.watchers()) {
      oldest = Math.min(oldest, watcher.nextRevision);
    }
    return {
      watchStreamTotal: this.#streams.size,
      watcherTotal,
      slowWatcherTotal: this.#unsynced.size,
      eventsTotal: this.#eventsTotal,
      pendingRevisions: this.currentRevision + 1 - oldest,
    };
  }

  close(): void {
    this.pause();
    for (const stream of this.#streams) stream.close();
  }

  #deliverLive(
    watcher: Watcher,
    main: number,
    first: WatchEvent,
    events: readonly WatchEvent[],
  ): void {
    if (main < watcher.nextRevision) return;
    if (watcher.stream.isFull) {
      watcher.nextRevision = main;
      this.#overflowed.push(watcher);
      return;
    }
    if (events.length > 1) {
      this.#send(watcher, main, events);
      return;
    }
    if (!watcher.accepts(first)) return;
    this.#hand(watcher, main, this.#wireForms(watcher, first), 1);
  }

  /**
   * Makes the watchers unsynced whose sink was full; not before the search for watchers is over.
   */
  #park(): void {
    for (const watcher of this.#overflowed) {
      this.#synced.delete(watcher);
      this.#enqueue(watcher);
    }
    this.#overflowed.length = 0;
  }

  /** Composes what the filters let pass, and sends it if anything is left. */
  #send(watcher: Watcher, revision: number, events: readonly WatchEvent[]): void {
    const passed: Uint8Array[] = [];
    for (const event of events) {
      const form = watcher.accepts(event) ? this.#wireForms(watcher, event)[0] : undefined;
      if (form !== undefined) passed.push(form);
    }
    if (passed.length > 0) this.#hand(watcher, revision, passed, passed.length);
  }

  #hand(watcher: Watcher, revision: number, events: readonly Uint8Array[], count: number): void {
    let sizeBytes = 0;
    for (const event of events) sizeBytes += event.length;
    this.#eventsTotal += count;
    const batch = {
      watchId: watcher.id,
      revision: this.#source.brand(revision),
      events,
      sizeBytes,
    };
    if (!watcher.stream.sink.send(batch)) watcher.stream.isFull = true;
  }

  #wireForms(watcher: Watcher, event: WatchEvent): readonly Uint8Array[] {
    return watcher.wantsPrevious ? event.withPrevious(this.#source.previousOf) : event.plain();
  }

  #sync(watcher: Watcher): void {
    watcher.state = "synced";
    this.#synced.add(watcher);
  }

  /** Makes a watcher unsynced at its next revision; a full stream's waits for `resume`. */
  #enqueue(watcher: Watcher): void {
    this.#unsynced.add(watcher);
    if (watcher.stream.isFull) {
      watcher.state = "parked";
      this.#parked.add(watcher);
      return;
    }
    watcher.state = "unsynced";
    const group = this.#positions.get(watcher.nextRevision);
    if (group === undefined) this.#positions.set(watcher.nextRevision, new Set([watcher]));
    else group.add(watcher);
    this.#schedule();
  }

  #leaveUnsynced(watcher: Watcher): void {
    this.#unsynced.delete(watcher);
    this.#parked.delete(watcher);
    const group = this.#positions.get(watcher.nextRevision);
    group?.delete(watcher);
    if (group?.size === 0) this.#positions.delete(watcher.nextRevision);
  }

  #schedule(): void {
    if (this.#slice !== undefined || this.#positions.size === 0 || this.#isStopped) return;
    this.#slice = this.#timers.setImmediate(() => {
      this.#slice = undefined;
      this.#runSlice();
      this.#schedule();
    });
  }

  #runSlice(): void {
    this.#cancelCompacted();
    const [begin] = this.#positions.keys();
    if (begin === undefined) return;
    const participants = this.#choose(begin);
    const end = this.#sweep(begin);
    // Who is left over goes behind the others.
    const left = this.#positions.get(begin);
    if (left !== undefined) {
      this.#positions.delete(begin);
      this.#positions.set(begin, left);
    }
    for (const watcher of participants) this.#advance(watcher, end);
  }

  /** Reads the log from `begin` on and gathers events at the participants of this round. */
  #sweep(begin: number): number {
    let takers: Watcher[] = [];
    const isWanted = (key: Key, main: number): boolean => {
      takers = [];
      this.#unsynced.match(key, (watcher) => {
        if (watcher.round === this.#round && main >= watcher.nextRevision) takers.push(watcher);
      });
      return takers.length > 0;
    };
    return sweepLog(this.#source, begin, this.#limits, isWanted, (event) => {
      for (const watcher of takers) watcher.gathered.push(event);
    });
  }

  /** Takes the group at `begin`, then others on the stretch ahead, out of their positions. */
  #choose(begin: number): readonly Watcher[] {
    this.#round++;
    const participants: Watcher[] = [];
    const take = (position: number, group: Set<Watcher>): void => {
      for (const watcher of group) {
        if (participants.length >= this.#limits.watchersMax) return;
        group.delete(watcher);
        watcher.round = this.#round;
        participants.push(watcher);
      }
      if (group.size === 0) this.#positions.delete(position);
    };
    const first = this.#positions.get(begin);
    if (first !== undefined) take(begin, first);
    for (const [position, group] of this.#positions) {
      if (participants.length >= this.#limits.watchersMax) break;
      const isAhead = position > begin && position < begin + this.#limits.revisionsMax;
      if (isAhead) take(position, group);
    }
    return participants;
  }

  /** Gives a participant what the sweep up to `end` (exclusive) found, and its new place. */
  #advance(watcher: Watcher, end: number): void {
    const { gathered } = watcher;
    watcher.gathered = [];
    watcher.round = 0;
    if (watcher.state === "closed") return;
    this.#unsynced.delete(watcher);
    if (gathered.length > 0 && watcher.stream.isFull) {
      this.#enqueue(watcher);
      return;
    }
    if (gathered.length > 0) this.#send(watcher, this.currentRevision, gathered);
    watcher.nextRevision = Math.max(watcher.nextRevision, end);
    if (watcher.nextRevision > this.currentRevision) this.#sync(watcher);
    else this.#enqueue(watcher);
  }

  #cancelCompacted(): void {
    const { compactRevision } = this.#source;
    for (const [position, group] of this.#positions) {
      if (position >= compactRevision) continue;
      for (const watcher of group) this.#endCompacted(watcher);
    }
  }

  #endCompacted(watcher: Watcher): void {
    this.#leaveUnsynced(watcher);
    watcher.state = "compacted";
    watcher.stream.sink.compacted(watcher.id, this.#source.brand(this.#source.compactRevision));
  }
}

/** Bounds of one slice of catch-up. */
export interface WatchLimits {
  /** Most distinct revisions read. */
  readonly revisionsMax: number;
  /** Bytes of rows after which the slice ends with the revision under way. */
  readonly bytesMax: number;
  /** Most watchers fed. */
  readonly watchersMax: number;
}

/** Watch part of the store's statistics. */
export interface WatchStats {
  readonly watchStreamTotal: number;
  readonly watcherTotal: number;
  readonly slowWatcherTotal: number;
  readonly eventsTotal: number;
  readonly pendingRevisions: number;
}
