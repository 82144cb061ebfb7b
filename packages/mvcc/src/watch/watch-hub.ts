import type { Timer, Timers } from "@quorate/platform";
import type { Key } from "../key.ts";
import type { Revision } from "../revision.ts";
import { FanOut, type FanOutLimits } from "./fan-out.ts";
import { HubStream } from "./hub-stream.ts";
import { InterestMap } from "./interest-map.ts";
import { Delivery, type Interest } from "./interest.ts";
import { sweepLog, type LogSource } from "./log-sweep.ts";
import type { WatcherStatus, WatchSink, WatchStream } from "./watch-stream.ts";
import type { WatchEvent } from "./watch-event.ts";
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
  readonly #interests = new InterestMap();
  readonly #fanOut: FanOut;
  readonly #unsynced = new Set<Watcher>();
  #syncedCount = 0;
  /** Unsynced watchers that may go on, by the revision they need; in order of turn. */
  readonly #positions = new Map<number, Set<Watcher>>();
  readonly #parked = new Set<Watcher>();
  #slice: Timer | undefined;
  #eventsTotal = 0;
  #fallbacksTotal = 0;
  #isStopped = false;

  constructor(source: LogSource, timers: Timers, limits: WatchLimits) {
    this.#source = source;
    this.#timers = timers;
    this.#limits = limits;
    this.#fanOut = new FanOut(source, timers, limits.fanOut, this.#interests, {
      desync: (watcher) => this.#desync(watcher),
      count: (events) => {
        this.#eventsTotal += events;
      },
    });
  }

  get currentRevision(): Revision {
    return this.#source.currentRevision;
  }

  /** Whether the store may skip the making of events. */
  get hasSynced(): boolean {
    return this.#syncedCount > 0;
  }

  openStream(sink: WatchSink): WatchStream {
    const stream = new HubStream(this, sink);
    this.#streams.add(stream);
    return stream;
  }

  /** Delivers the events of one new revision to synced watchers, or lets them gather. Hot. */
  notify(events: readonly WatchEvent[]): void {
    this.#fanOut.notify(events);
  }

  /** See {@link FanOut.gather}. */
  gather(): void {
    this.#fanOut.gather();
  }

  /** See {@link FanOut.deliver}. */
  deliver(): void {
    this.#fanOut.deliver();
  }

  /** See {@link FanOut.settle}. */
  settle(stream: HubStream, watchers: Iterable<Watcher>): Revision {
    return this.#fanOut.settle(stream, watchers);
  }

  /** The interest that a watcher of a key or range shares with others. */
  interestIn(key: Key, rangeEnd: Key): Interest {
    return this.#interests.of(key, rangeEnd);
  }

  /** History before the compact revision is gone: whoever needs it is told in the next slice. */
  compacted(): void {
    for (const watcher of this.#parked) {
      if (watcher.nextRevision < this.#source.compactRevision) this.#endCompacted(watcher);
    }
    this.#schedule();
  }

  /** Hands out what is under way, then stops catch-up while the store is being replaced. */
  pause(): void {
    this.#fanOut.finish();
    this.#isStopped = true;
    this.#slice?.cancel();
    this.#slice = undefined;
  }

  /**
   * The store was replaced by a later state: nobody sees anything twice or misses anything (C38).
   */
  restored(revisionBefore: number): void {
    this.#isStopped = false;
    for (const { synced } of this.#interests.all()) {
      for (const watcher of synced) {
        watcher.nextRevision = Math.max(watcher.nextRevision, revisionBefore + 1);
        if (watcher.nextRevision <= this.currentRevision) this.#desync(watcher);
      }
    }
    this.compacted();
  }

  register(watcher: Watcher): void {
    const { interest } = watcher;
    interest.watcherCount++;
    if (watcher.wantsPrevious) interest.previousCount++;
    if (watcher.nextRevision > this.currentRevision) this.#sync(watcher);
    else this.#enqueue(watcher);
  }

  unregister(watcher: Watcher): void {
    const { interest } = watcher;
    if (watcher.state === "synced") this.#leaveSynced(watcher);
    else this.#leaveUnsynced(watcher);
    watcher.state = "closed";
    if (watcher.wantsPrevious) interest.previousCount--;
    interest.watcherCount--;
    if (interest.watcherCount === 0) this.#interests.delete(interest);
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
    for (const watcher of this.#unsynced) {
      oldest = Math.min(oldest, watcher.nextRevision);
    }
    return {
      watchStreamTotal: this.#streams.size,
      watcherTotal,
      slowWatcherTotal: this.#unsynced.size,
      eventsTotal: this.#eventsTotal,
      fallbacksTotal: this.#fallbacksTotal,
      pendingRevisions: this.currentRevision + 1 - oldest,
    };
  }

  close(): void {
    this.#fanOut.stop();
    this.#isStopped = true;
    this.#slice?.cancel();
    for (const stream of this.#streams) stream.close();
  }

  #sync(watcher: Watcher): void {
    watcher.state = "synced";
    watcher.interest.synced.add(watcher);
    this.#syncedCount++;
  }

  #leaveSynced(watcher: Watcher): void {
    if (watcher.interest.synced.delete(watcher)) this.#syncedCount--;
  }

  /** Makes a synced watcher unsynced at its next revision. */
  #desync(watcher: Watcher): void {
    this.#fallbacksTotal++;
    this.#leaveSynced(watcher);
    this.#enqueue(watcher);
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
    this.#advance(participants, end);
  }

  /** Reads the log from `begin` on and puts events down at the interests of this round. */
  #sweep(begin: number): number {
    const takers: Interest[] = [];
    const take = (interest: Interest): void => {
      if (interest.swept !== undefined) takers.push(interest);
    };
    const isWanted = (key: Key, main: number): boolean => {
      takers.length = 0;
      this.#interests.match(key, take);
      return takers.some((interest) => main >= interest.sweptFrom);
    };
    return sweepLog(this.#source, begin, this.#limits, isWanted, (event) => {
      for (const interest of takers) {
        if (event.main < interest.sweptFrom) continue;
        if (interest.previousCount > 0) event.findPrevious(this.#source.previousOf);
        interest.swept?.push(event);
      }
    });
  }

  /** Takes the group at `begin`, then others on the stretch ahead, out of their positions. */
  #choose(begin: number): readonly Watcher[] {
    const participants: Watcher[] = [];
    const take = (position: number, group: Set<Watcher>): void => {
      for (const watcher of group) {
        if (participants.length >= this.#limits.watchersMax) return;
        group.delete(watcher);
        participants.push(watcher);
        const { interest } = watcher;
        const isFirst = interest.swept === undefined;
        interest.swept ??= [];
        interest.sweptFrom = isFirst ? position : Math.min(interest.sweptFrom, position);
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

  /** Gives the participants what the sweep up to `end` (exclusive) found, and their new places. */
  #advance(participants: readonly Watcher[], end: number): void {
    const touched = new Set<HubStream>();
    const deliveries = new Map<Interest, Delivery>();
    for (const { interest } of participants) {
      const { swept } = interest;
      interest.swept = undefined;
      if (swept === undefined || swept.length === 0) continue;
      deliveries.set(interest, new Delivery(swept, this.currentRevision));
    }
    for (const watcher of participants) {
      if (watcher.state === "closed") continue;
      this.#unsynced.delete(watcher);
      const batch = deliveries.get(watcher.interest)?.batchFor(watcher);
      if (batch !== undefined && batch.events.length > 0) {
        const { stream } = watcher;
        if (stream.isFull) {
          this.#enqueue(watcher);
          continue;
        }
        this.#eventsTotal += batch.events.length;
        touched.add(stream);
        if (!stream.sink.send(watcher.id, batch)) stream.isFull = true;
      }
      watcher.nextRevision = Math.max(watcher.nextRevision, end);
      if (watcher.nextRevision > this.currentRevision) this.#sync(watcher);
      else this.#enqueue(watcher);
    }
    for (const { sink } of touched) sink.flush();
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

/** Bounds of one slice of catch-up, and of live delivery. */
export interface WatchLimits {
  /** Most distinct revisions read. */
  readonly revisionsMax: number;
  /** Bytes of rows after which the slice ends with the revision under way. */
  readonly bytesMax: number;
  /** Most watchers fed. */
  readonly watchersMax: number;
  /** Bounds of live delivery. */
  readonly fanOut: FanOutLimits;
}

/** Watch part of the store's statistics. */
export interface WatchStats {
  readonly watchStreamTotal: number;
  readonly watcherTotal: number;
  readonly slowWatcherTotal: number;
  readonly eventsTotal: number;
  readonly fallbacksTotal: number;
  readonly pendingRevisions: number;
}
