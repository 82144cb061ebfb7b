import type { Key } from "../key.ts";
import type { HubStream } from "./hub-stream.ts";
import type { WatchEvent } from "./watch-event.ts";

/** State of one watcher; the hub owns all of it. */
export class Watcher {
  readonly id: number;
  readonly stream: HubStream;
  readonly key: Key;
  readonly rangeEnd: Key;
  /** As asked for; 0 for "from now on". */
  readonly startRevision: number;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
  readonly wantsPrevious: boolean;
  /** Events below this revision are not for this watcher, or were delivered (W2). */
  nextRevision: number;
  /** `parked` is unsynced and waits for the stream to take more. */
  state: "synced" | "unsynced" | "parked" | "compacted" | "closed" = "closed";
  /** Events of the round under way, in order; empty outside of a round. */
  gathered: WatchEvent[] = [];
  /** Number of the catch-up round the watcher takes part in. */
  round = 0;

  constructor(id: number, stream: HubStream, options: WatcherOptions) {
    this.id = id;
    this.stream = stream;
    this.key = options.key;
    this.rangeEnd = options.rangeEnd;
    this.startRevision = options.startRevision;
    this.withoutPuts = options.withoutPuts;
    this.withoutDeletes = options.withoutDeletes;
    this.wantsPrevious = options.wantsPrevious;
    this.nextRevision = options.nextRevision;
  }

  /** Whether the filters let an event pass (W7). */
  accepts(event: WatchEvent): boolean {
    return event.isTombstone ? !this.withoutDeletes : !this.withoutPuts;
  }
}

/** Fixed parts of a watcher. */
export interface WatcherOptions {
  readonly key: Key;
  readonly rangeEnd: Key;
  readonly startRevision: number;
  readonly nextRevision: number;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
  readonly wantsPrevious: boolean;
}
