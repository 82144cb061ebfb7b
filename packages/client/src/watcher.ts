import {
  EventEventType,
  WatchCreateRequestFilterType,
  type Event,
  type WatchCreateRequestInit,
  type WatchResponse,
} from "@quorate/api";

import { TransportError } from "./errors.ts";
import type { WireRange } from "./key-range.ts";
import { KeyValue } from "./key-value.ts";
import type { WatchHub, WatchSubscriber } from "./watch-hub.ts";

/** Options of a watch. */
export interface WatchOptions {
  /** First revision to report; 0 is the one after the watch was created. @default 0 */
  readonly startRevision?: number;
  /** Adds the pair as it was before each change. @default false */
  readonly previous?: boolean;
  /** Reports one kind of change only. @default both */
  readonly only?: "puts" | "deletes";
  /** Also reports how far the history is covered when nothing happens. @default false */
  readonly progress?: boolean;
  /** Ends the watch: iteration then throws. @default none */
  readonly signal?: AbortSignal;
}

/** One change of one key. */
export interface WatchEvent {
  readonly type: "put" | "delete";
  /** The pair afterwards; of a deletion only the key and `modRevision`, its revision. */
  readonly kv: KeyValue;
  /** The pair before, if asked for, there was one and it is not compacted. */
  readonly previous: KeyValue | undefined;
  /** Whether the key did not exist before. */
  readonly isCreation: boolean;
}

/** What a watch reports at once. Revisions are never split over batches (W4). */
export type WatchBatch =
  | {
      readonly kind: "events";
      /** Revision of the last event. */
      readonly revision: number;
      readonly events: readonly WatchEvent[];
    }
  | {
      readonly kind: "progress";
      /** Every change up to here was reported. */
      readonly revision: number;
    };

/** Bounds of what may wait unread. @internal */
export interface WatcherLimits {
  readonly bufferMaxBytes: number;
  readonly bufferMaxEvents: number;
}

interface Queued {
  readonly batch: WatchBatch;
  readonly sizeBytes: number;
  readonly eventCount: number;
}

/** Bookkeeping of an event beside its keys and values, estimated. */
const eventOverheadBytes = 200;

/**
 * A watch on keys: iterate it, once.
 *
 * Survives the loss of connections and servers without gap or repetition. What is not read waits
 * in memory up to a bound; beyond it the watch is parked on the server and continued once read.
 * Leaving the loop, `close` and `await using` end it.
 */
export class Watcher implements WatchSubscriber, AsyncIterable<WatchEvent>, AsyncDisposable {
  readonly #hub: WatchHub;
  readonly #range: WireRange;
  readonly #namespaceLength: number;
  readonly #options: WatchOptions;
  readonly #limits: WatcherLimits;
  readonly #queue: Queued[] = [];
  readonly #created: PromiseWithResolvers<number>;
  readonly #onAbort: () => void;
  #head = 0;
  #queuedBytes = 0;
  #queuedEvents = 0;
  #nextRevision: number;
  #fragments: Event[] = [];
  #isParked = false;
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  /** @internal */
  constructor(
    hub: WatchHub,
    range: WireRange,
    namespaceLength: number,
    options: WatchOptions,
    limits: WatcherLimits,
  ) {
    this.#hub = hub;
    this.#range = range;
    this.#namespaceLength = namespaceLength;
    this.#options = options;
    this.#limits = limits;
    this.#nextRevision = options.startRevision ?? 0;
    this.#created = promiseWithResolvers();
    // Whoever does not ask must not be told by an unhandled rejection.
    this.#created.promise.catch(() => undefined);
    this.#onAbort = (): void => this.#abort();
    if (options.signal?.aborted === true) this.#abort();
    else {
      options.signal?.addEventListener("abort", this.#onAbort, { once: true });
      hub.add(this);
    }
  }

  /** Oldest revision that was not received yet; 0 before {@link Watcher.created}. */
  get nextRevision(): number {
    return this.#nextRevision;
  }

  /**
   * Waits until the server has acknowledged the watch: changes from here on are reported.
   *
   * @returns Store revision at that moment.
   * @throws What ended the watch before.
   */
  whenCreated(): Promise<number> {
    return this.#created.promise;
  }

  /** Asks the server how far the client's watches are; needs the option `progress` to be seen. */
  requestProgress(): void {
    this.#hub.requestProgress();
  }

  /** Ends the watch; iteration ends after what is already here. Idempotent. */
  close(): void {
    this.#finish(undefined);
  }

  /**
   * Changes one by one, in order.
   *
   * @throws {@link WatchCompactedError} when history that is still needed is gone;
   *   {@link WatchCanceledError} when the server refuses; {@link TransportError} `cancelled`.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent, void, undefined> {
    for await (const batch of this.batches()) {
      if (batch.kind === "events") yield* batch.events;
    }
  }

  /** The same in whole revisions, with progress if asked for; throws likewise. */
  async *batches(): AsyncGenerator<WatchBatch, void, undefined> {
    try {
      for (;;) {
        const queued = this.#take();
        if (queued !== undefined) {
          yield queued.batch;
        } else if (this.#end !== undefined) {
          if (this.#end.error !== undefined) throw this.#end.error;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.resolve();
  }

  /** @internal */
  createRequest(): WatchCreateRequestInit {
    const { only, previous } = this.#options;
    const filters =
      only === undefined
        ? []
        : [
            only === "puts"
              ? WatchCreateRequestFilterType.NODELETE
              : WatchCreateRequestFilterType.NOPUT,
          ];
    return {
      ...this.#range,
      startRevision: this.#nextRevision,
      prevKv: previous ?? false,
      filters,
      // Always: an idle watch must move on, or compaction overtakes what it would resume from.
      progressNotify: true,
      fragment: true,
    };
  }

  /** @internal */
  created(revision: number): void {
    if (this.#nextRevision === 0) this.#nextRevision = revision + 1;
    this.#created.resolve(revision);
  }

  /** @internal */
  events(response: WatchResponse): void {
    for (const event of response.events) this.#fragments.push(event);
    if (response.fragment) return;
    const fresh = this.#fragments.filter(
      (event) => (event.kv?.modRevision ?? 0) >= this.#nextRevision,
    );
    this.#fragments = [];
    const last = fresh.at(-1)?.kv?.modRevision;
    if (last === undefined) return;
    this.#nextRevision = last + 1;
    const events = fresh.map((event) => this.#toEvent(event));
    const sizeBytes = events.reduce((sum, event) => sum + sizeOf(event), 0);
    this.#push({ kind: "events", revision: last, events }, sizeBytes, events.length);
  }

  /** @internal */
  progress(revision: number, isForWholeStream: boolean): void {
    // etcd before 3.4.25 and 3.5.8 lets an answer to a manual request overtake queued events
    // (etcd#15220); only the watch's own mark, which travels in its queue, is safe to resume from.
    if (!isForWholeStream) this.#nextRevision = Math.max(this.#nextRevision, revision + 1);
    if (this.#options.progress === true) this.#push({ kind: "progress", revision }, 0, 1);
  }

  /** @internal */
  interrupted(): void {
    this.#fragments = [];
  }

  /** @internal */
  ended(error: Error): void {
    this.#finish(error);
  }

  #take(): Queued | undefined {
    const queued = this.#queue[this.#head];
    if (queued === undefined) {
      this.#queue.length = 0;
      this.#head = 0;
      return undefined;
    }
    this.#head += 1;
    this.#queuedBytes -= queued.sizeBytes;
    this.#queuedEvents -= queued.eventCount;
    if (this.#head === this.#queue.length) {
      this.#queue.length = 0;
      this.#head = 0;
      if (this.#isParked && this.#end === undefined) {
        this.#isParked = false;
        this.#hub.add(this);
      }
    }
    return queued;
  }

  #push(batch: WatchBatch, sizeBytes: number, eventCount: number): void {
    this.#queue.push({ batch, sizeBytes, eventCount });
    this.#queuedBytes += sizeBytes;
    this.#queuedEvents += eventCount;
    const isFull =
      this.#queuedBytes > this.#limits.bufferMaxBytes ||
      this.#queuedEvents > this.#limits.bufferMaxEvents;
    if (isFull && !this.#isParked) {
      this.#isParked = true;
      this.#hub.park(this);
    }
    this.#notify();
  }

  #abort(): void {
    const { signal } = this.#options;
    const failure = {
      grpcCode: 1,
      method: "/etcdserverpb.Watch/Watch",
      endpoint: "",
      isOutcomeUnknown: false,
    };
    const message = "Watch failed: cancelled by the caller";
    this.#queue.length = 0;
    this.#head = 0;
    this.#finish(new TransportError("cancelled", message, failure, signal?.reason));
  }

  #finish(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#hub.remove(this);
    this.#created.reject(error ?? new Error("Cannot wait for the watch: it was closed"));
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #toEvent(event: Event): WatchEvent {
    const kv = new KeyValue(event.kv ?? missingPair, this.#namespaceLength);
    return {
      type: event.type === EventEventType.DELETE ? "delete" : "put",
      kv,
      previous:
        event.prevKv === undefined ? undefined : new KeyValue(event.prevKv, this.#namespaceLength),
      isCreation: event.type === EventEventType.PUT && kv.createRevision === kv.modRevision,
    };
  }
}

const none = new Uint8Array(0);
const missingPair = {
  key: none,
  value: none,
  createRevision: 0,
  modRevision: 0,
  version: 0,
  lease: 0n,
} as const;

function sizeOf(event: WatchEvent): number {
  const previous = event.previous;
  const before = previous === undefined ? 0 : previous.key.length + previous.value.length;
  return eventOverheadBytes + event.kv.key.length + event.kv.value.length + before;
}

interface PromiseWithResolvers<Value> {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

function promiseWithResolvers<Value>(): PromiseWithResolvers<Value> {
  let resolve: (value: Value) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
