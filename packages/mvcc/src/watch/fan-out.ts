import type { Timer, Timers } from "@quorate/platform";
import type { Revision } from "../revision.ts";
import type { HubStream } from "./hub-stream.ts";
import type { InterestMap } from "./interest-map.ts";
import { Delivery, type Interest } from "./interest.ts";
import type { LogSource } from "./log-sweep.ts";
import type { WatchEvent } from "./watch-event.ts";
import type { Watcher } from "./watcher.ts";

/** Bounds of live delivery. */
export interface FanOutLimits {
  /** Most watchers served in one turn. */
  readonly watchersMax: number;
  /** Bytes of events that may gather before they are handed out, or given up for catch-up. */
  readonly pendingBytesMax: number;
}

/** What a fan-out needs of its hub. */
export interface FanOutHost {
  /** The watcher cannot be served now: it needs the log from its next revision on. */
  desync(watcher: Watcher): void;
  /** A watcher was handed events. */
  count(events: number): void;
}

/**
 * Hands events to synced watchers, in three steps:
 *
 *     notify    an event is put down at the interests in its key           once an interest
 *     deliver   what an interest gathered becomes batches                  once a kind of watcher
 *     slices    each watcher is handed its batch, streams are flushed      once a watcher
 *
 * Between `gather` and `deliver` the events of many revisions come together, so that a watcher gets
 * one batch for all of them. A slice serves so many watchers and the rest follow in the next turns;
 * what is written meanwhile gathers. A watcher's next revision tells whether it was served, so it
 * may also be served out of turn.
 */
export class FanOut {
  readonly #source: LogSource;
  readonly #timers: Timers;
  readonly #limits: FanOutLimits;
  readonly #interests: InterestMap;
  readonly #host: FanOutHost;
  /** Interests with pending events. */
  #touched: Interest[] = [];
  #pendingBytes = 0;
  #isGathering = false;
  /** Interests whose delivery is under way, and the watchers of the first one still to serve. */
  #queue: Interest[] = [];
  #next = 0;
  #watchers: Iterator<Watcher> | undefined;
  /** Current revision when the delivery under way began. */
  #revision: Revision;
  #slice: Timer | undefined;
  readonly #streams: HubStream[] = [];
  #event: WatchEvent | undefined;

  constructor(
    source: LogSource,
    timers: Timers,
    limits: FanOutLimits,
    interests: InterestMap,
    host: FanOutHost,
  ) {
    this.#source = source;
    this.#timers = timers;
    this.#limits = limits;
    this.#interests = interests;
    this.#host = host;
    this.#revision = source.currentRevision;
  }

  /** Whether a delivery takes more than a turn. */
  get isUnderWay(): boolean {
    return this.#queue.length > 0;
  }

  /** Takes the events of one new revision; hands them out unless they gather. Hot. */
  notify(events: readonly WatchEvent[]): void {
    for (const event of events) {
      this.#event = event;
      this.#interests.match(event.key, this.#take);
    }
    this.#event = undefined;
    if (this.#isGathering && this.#pendingBytes < this.#limits.pendingBytesMax) return;
    this.deliver();
  }

  /** Lets events gather until `deliver` is called. */
  gather(): void {
    this.#isGathering = true;
  }

  /** Hands out what has gathered; the next `notify` does so at once. */
  deliver(): void {
    this.#isGathering = false;
    if (this.#touched.length === 0) return;
    if (this.isUnderWay) {
      if (this.#pendingBytes >= this.#limits.pendingBytesMax) this.#giveUp();
      return;
    }
    this.#begin();
    this.#run(this.#limits.watchersMax);
  }

  /** Hands out everything, however long it takes. */
  finish(): void {
    while (this.isUnderWay || this.#touched.length > 0) {
      if (!this.isUnderWay) this.#begin();
      this.#run(Number.POSITIVE_INFINITY);
    }
  }

  /** Ends slices; nothing more is handed out. */
  stop(): void {
    this.#slice?.cancel();
    this.#slice = undefined;
  }

  /**
   * Serves some watchers out of turn.
   *
   * @returns Revision up to which those that are synced have everything.
   */
  settle(stream: HubStream, watchers: Iterable<Watcher>): Revision {
    if (!this.isUnderWay) {
      if (this.#touched.length === 0) return this.#source.currentRevision;
      this.#begin();
      this.#schedule();
    }
    for (const watcher of watchers) {
      const { delivery } = watcher.interest;
      if (delivery !== undefined && watcher.state === "synced") this.#serve(watcher, delivery);
    }
    if (stream.isTouched) this.#flushStreams();
    return this.#revision;
  }

  /** An interest in the event under way. A field, not a closure for each event. */
  readonly #take = (interest: Interest): void => {
    const event = this.#event;
    if (event === undefined || interest.synced.size === 0) return;
    if (interest.pending.length === 0) this.#touched.push(interest);
    if (interest.previousCount > 0) event.findPrevious(this.#source.previousOf);
    interest.pending.push(event);
    this.#pendingBytes += event.sizeBytes;
  };

  #begin(): void {
    this.#queue = this.#touched;
    this.#touched = [];
    this.#pendingBytes = 0;
    this.#next = 0;
    this.#revision = this.#source.currentRevision;
    for (const interest of this.#queue) {
      const events = interest.pending;
      interest.pending = [];
      const last = events[events.length - 1]?.main ?? 0;
      interest.delivery = new Delivery(events, this.#source.brand(last));
    }
  }

  /** Serves watchers up to the limit; the rest in the next turn. */
  #run(watchersMax: number): void {
    let left = watchersMax;
    for (; this.#next < this.#queue.length; this.#next++) {
      const interest = this.#queue[this.#next];
      if (interest?.delivery === undefined) continue;
      // The set may change meanwhile: who leaves is passed over, who comes is served already.
      this.#watchers ??= interest.synced.values();
      for (;;) {
        if (left === 0) {
          this.#flushStreams();
          this.#schedule();
          return;
        }
        const next = this.#watchers.next();
        if (next.done === true) break;
        left--;
        this.#serve(next.value, interest.delivery);
      }
      this.#watchers = undefined;
      interest.delivery = undefined;
    }
    this.#queue = [];
    this.#flushStreams();
    if (this.#touched.length > 0 && !this.#isGathering) this.#schedule();
  }

  #schedule(): void {
    this.#slice ??= this.#timers.setImmediate(() => {
      this.#slice = undefined;
      if (!this.isUnderWay) this.#begin();
      this.#run(this.#limits.watchersMax);
    });
  }

  #serve(watcher: Watcher, delivery: Delivery): void {
    if (delivery.last < watcher.nextRevision) return;
    const { stream } = watcher;
    if (stream.isFull) {
      watcher.nextRevision = Math.max(watcher.nextRevision, delivery.first);
      this.#host.desync(watcher);
      return;
    }
    const batch = delivery.batchFor(watcher);
    watcher.nextRevision = delivery.last + 1;
    if (batch.events.length === 0) return;
    this.#host.count(batch.events.length);
    if (!stream.isTouched) {
      stream.isTouched = true;
      this.#streams.push(stream);
    }
    if (!stream.sink.send(watcher.id, batch)) stream.isFull = true;
  }

  #flushStreams(): void {
    for (const stream of this.#streams) {
      stream.isTouched = false;
      stream.sink.flush();
    }
    this.#streams.length = 0;
  }

  /** Too much has gathered behind a delivery under way: whoever is concerned reads the log. */
  #giveUp(): void {
    for (const interest of this.#touched) {
      const { delivery, pending, synced } = interest;
      const first = pending[0]?.main ?? 0;
      interest.pending = [];
      for (const watcher of synced) {
        const isServed = delivery === undefined || delivery.last < watcher.nextRevision;
        const from = isServed ? first : delivery.first;
        watcher.nextRevision = Math.max(watcher.nextRevision, from);
        if (watcher.nextRevision <= this.#source.currentRevision) this.#host.desync(watcher);
      }
    }
    this.#touched = [];
    this.#pendingBytes = 0;
  }
}
