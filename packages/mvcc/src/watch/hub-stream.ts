import { isInvertedRange, rangeEndNone } from "../key.ts";
import type { Revision } from "../revision.ts";
import type { WatchHub } from "./watch-hub.ts";
import type {
  WatcherStatus,
  WatchRequest,
  WatchResult,
  WatchSink,
  WatchStream,
} from "./watch-stream.ts";
import { Watcher } from "./watcher.ts";

/** See {@link WatchStream}. */
export class HubStream implements WatchStream {
  readonly sink: WatchSink;
  /** Whether the sink asked to wait. */
  isFull = false;
  /** Whether the sink was handed something since its last flush. */
  isTouched = false;
  readonly #hub: WatchHub;
  readonly #watchers = new Map<number, Watcher>();
  #nextId = 0;
  #isClosed = false;

  constructor(hub: WatchHub, sink: WatchSink) {
    this.#hub = hub;
    this.sink = sink;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  watch(request: WatchRequest): WatchResult {
    const startRevision = request.startRevision ?? 0;
    const key = request.key === "" ? "\0" : request.key;
    const rangeEnd = request.rangeEnd ?? rangeEndNone;
    if (startRevision < 0) return { kind: "refused", reason: "negative-start-revision" };
    if (isInvertedRange(key, rangeEnd)) return { kind: "refused", reason: "empty-range" };
    const wanted = request.watchId ?? 0;
    if (wanted !== 0 && this.#watchers.has(wanted)) {
      return { kind: "refused", reason: "duplicate-id" };
    }
    const watchId = wanted === 0 ? this.#chooseId() : wanted;
    const revision = this.#hub.currentRevision;
    const watcher = new Watcher(watchId, this, {
      interest: this.#hub.interestIn(key, rangeEnd),
      startRevision,
      nextRevision: startRevision === 0 ? revision + 1 : startRevision,
      withoutPuts: request.withoutPuts === true,
      withoutDeletes: request.withoutDeletes === true,
      wantsPrevious: request.previousKeyValue === true,
    });
    this.#watchers.set(watchId, watcher);
    this.#hub.register(watcher);
    if (this.#isClosed) this.#hub.unregister(watcher);
    return { kind: "created", watchId, revision };
  }

  cancel(watchId: number): boolean {
    const watcher = this.#watchers.get(watchId);
    if (watcher === undefined) return false;
    this.#watchers.delete(watchId);
    this.#hub.unregister(watcher);
    return true;
  }

  progressRevision(): Revision | undefined {
    if (this.#watchers.size === 0) return undefined;
    const revision = this.settle();
    for (const watchId of this.#watchers.keys()) {
      if (!this.isCaughtUp(watchId, revision)) return undefined;
    }
    return revision;
  }

  settle(): Revision {
    return this.#hub.settle(this, this.#watchers.values());
  }

  isCaughtUp(watchId: number, revision: Revision): boolean {
    const watcher = this.#watchers.get(watchId);
    if (watcher === undefined || this.#hub.statusOf(watcher) !== "synced") return false;
    // It may wait for a revision that is written but not yet being delivered (W8).
    if (watcher.startRevision > revision) return false;
    return watcher.nextRevision <= revision + 1;
  }

  statusOf(watchId: number): WatcherStatus | undefined {
    const watcher = this.#watchers.get(watchId);
    return watcher === undefined ? undefined : this.#hub.statusOf(watcher);
  }

  watchIds(): IterableIterator<number> {
    return this.#watchers.keys();
  }

  resume(): void {
    if (!this.isFull) return;
    this.isFull = false;
    for (const watcher of this.#watchers.values()) {
      if (watcher.state === "parked") this.#hub.unpark(watcher);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const watcher of this.#watchers.values()) this.#hub.unregister(watcher);
    this.#watchers.clear();
    this.#hub.forget(this);
  }

  /** Ids are chosen upwards and not chosen again after a cancel, as etcd does. */
  #chooseId(): number {
    while (this.#watchers.has(this.#nextId)) this.#nextId++;
    return this.#nextId++;
  }
}
