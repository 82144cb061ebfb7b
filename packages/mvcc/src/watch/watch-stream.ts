import type { Key } from "../key.ts";
import type { Revision } from "../revision.ts";

/** Client's view of one watch connection: many watchers, one {@link WatchSink}. */
export interface WatchStream {
  /**
   * Registers a watcher.
   *
   * The sink hears nothing of it before this call has returned, so that the "created" answer can go
   * out first.
   */
  watch(request: WatchRequest): WatchResult;
  /**
   * Removes a watcher; the sink never hears of it again (W10).
   *
   * @returns false if the id is not in use. A watcher ended by compaction stays in use until
   * cancelled.
   */
  cancel(watchId: number): boolean;
  /**
   * Revision that a manual progress answer may carry (W6): the current one if every watcher is
   * caught
   * up and none waits for a future revision; undefined otherwise and without watchers.
   */
  progressRevision(): Revision | undefined;
  /**
   * Hands out what is under way to the watchers of this stream.
   *
   * @returns Revision up to which every synced watcher of the stream has everything now.
   */
  settle(): Revision;
  /**
   * Whether a progress answer at a revision that {@link WatchStream.settle} returned is true for a
   * watcher: it has everything up to there, and did not join behind it.
   */
  isCaughtUp(watchId: number, revision: Revision): boolean;
  /** Where a watcher is; undefined if the id is not in use. */
  statusOf(watchId: number): WatcherStatus | undefined;
  /** Ids in use, in order of creation. */
  watchIds(): IterableIterator<number>;
  /** Takes up delivery after the sink returned false. */
  resume(): void;
  /** Removes all watchers; idempotent. */
  close(): void;
}

/** `future` waits for its start revision; `compacted` was ended and only waits for its cancel. */
export type WatcherStatus = "synced" | "unsynced" | "future" | "compacted";

/** What to watch. */
export interface WatchRequest {
  /** 0 or absent: the next free id of the stream. */
  readonly watchId?: number;
  readonly key: Key;
  /** `""` or absent: the single key; `"\0"`: to the end; else exclusive end. */
  readonly rangeEnd?: Key;
  /** 0 or absent: after the current revision; in the past: replay; in the future: wait (W8). */
  readonly startRevision?: number;
  /** Leave PUT events out. @default false */
  readonly withoutPuts?: boolean;
  /** Leave DELETE events out. @default false */
  readonly withoutDeletes?: boolean;
  /** Events carry the pair before the change. @default false */
  readonly previousKeyValue?: boolean;
}

/** Answer to a request. `revision` is the store's current one. */
export type WatchResult =
  | { readonly kind: "created"; readonly watchId: number; readonly revision: Revision }
  | { readonly kind: "refused"; readonly reason: WatchRefusal };

/** Why no watcher was made: id in use, `key >= rangeEnd`, or a negative start revision. */
export type WatchRefusal = "duplicate-id" | "empty-range" | "negative-start-revision";

/**
 * Events of one watcher, in order, never splitting a revision over two batches (W1, W4).
 *
 * Watchers with equal wishes get the same object: what is made of it once may serve all of them.
 */
export interface WatchBatch {
  /** For the header: revision of the last event when live, current revision during catch-up. */
  readonly revision: Revision;
  /** `mvccpb.Event` wire bytes, shared between watchers: must not be changed. At least one. */
  readonly events: readonly Uint8Array[];
  /** Sum of the lengths of `events`. */
  readonly sizeBytes: number;
}

/** Where a stream's messages go. Called synchronously; must not throw nor call the stream back. */
export interface WatchSink {
  /**
   * Takes a batch of one watcher; it is delivered whatever is returned.
   *
   * @returns false when no more should come until {@link WatchStream.resume}: watchers of the
   *   stream are then parked and catch up from the store, so a slow client costs no memory here
   *   (W11).
   */
  send(watchId: number, batch: WatchBatch): boolean;
  /** The batches since the last call are all for now: what they make may go out together. */
  flush(): void;
  /** The watcher needs history that is gone; nothing follows for this id (W9). */
  compacted(watchId: number, compactRevision: Revision): void;
}
