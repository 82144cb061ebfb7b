import type { HubStream } from "./hub-stream.ts";
import type { Interest } from "./interest.ts";
import type { WatchEvent } from "./watch-event.ts";

/** State of one watcher; the hub owns all of it. */
export class Watcher {
  readonly id: number;
  readonly stream: HubStream;
  readonly interest: Interest;
  /** As asked for; 0 for "from now on". */
  readonly startRevision: number;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
  readonly wantsPrevious: boolean;
  /** The three wishes above as a number in [0, 8): equal ones get equal batches. */
  readonly form: number;
  /** Events below this revision are not for this watcher, or were delivered (W2). */
  nextRevision: number;
  /** `parked` is unsynced and waits for the stream to take more. */
  state: "synced" | "unsynced" | "parked" | "compacted" | "closed" = "closed";

  constructor(id: number, stream: HubStream, options: WatcherOptions) {
    this.id = id;
    this.stream = stream;
    this.interest = options.interest;
    this.startRevision = options.startRevision;
    this.withoutPuts = options.withoutPuts;
    this.withoutDeletes = options.withoutDeletes;
    this.wantsPrevious = options.wantsPrevious;
    this.nextRevision = options.nextRevision;
    this.form =
      (this.withoutPuts ? 4 : 0) + (this.withoutDeletes ? 2 : 0) + (this.wantsPrevious ? 1 : 0);
  }

  /** Whether the filters let an event pass (W7). */
  accepts(event: WatchEvent): boolean {
    return event.isTombstone ? !this.withoutDeletes : !this.withoutPuts;
  }
}

/** Fixed parts of a watcher. */
export interface WatcherOptions {
  readonly interest: Interest;
  readonly startRevision: number;
  readonly nextRevision: number;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
  readonly wantsPrevious: boolean;
}
