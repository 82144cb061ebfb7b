/** What watchers saw. Keys and values are latin1 of their bytes; times are virtual. */
import type { TruthEvent } from "./truth.ts";

/** What a watcher asked for. */
export interface WatchWish {
  readonly key: string;
  /** As on the wire: empty for one key, a zero byte for "to the end". */
  readonly rangeEnd: string;
  /** First revision wanted; 0 for the one after the creation. */
  readonly startRevision: number;
  readonly previous: boolean;
  readonly withoutPuts: boolean;
  readonly withoutDeletes: boolean;
}

/** One event as it came; `previous` only when it was asked for. */
export type SeenEvent = TruthEvent;

/** One answer to a watcher. */
export type WatchStep =
  | {
      readonly kind: "created";
      readonly atMillis: number;
      /** Store revision of the member that answered. */
      readonly revision: number;
    }
  | {
      readonly kind: "events";
      readonly atMillis: number;
      readonly events: readonly SeenEvent[];
      /** The rest of the last revision follows in the next answer. */
      readonly isFragment: boolean;
    }
  | {
      readonly kind: "progress";
      readonly atMillis: number;
      /** Every change up to here has been reported. */
      readonly revision: number;
    }
  | {
      readonly kind: "cancelled";
      readonly atMillis: number;
      /** The watcher's own wish. */
      readonly isAsked: boolean;
      readonly reason: string;
      /** Not 0: history that the watcher still needs is gone. */
      readonly compactRevision: number;
      /**
       * What the client says it would have gone on from: less than its progress where that was told
       * for the whole stream, which it does not build on.
       */
      readonly resumeRevision?: number;
    };

/** The life of one watcher: of a raw stream until it broke, of the client's until it ended. */
export interface WatchRecord {
  readonly name: string;
  readonly wish: WatchWish;
  /** Whether it goes on from where another record of the same mirror ended (W5). */
  readonly isResumption: boolean;
  /** Whether answers may divide a revision. */
  readonly mayFragment: boolean;
  readonly steps: readonly WatchStep[];
}

/** How long a mirror took to see everything after the world was mended. */
export interface CatchUp {
  readonly name: string;
  /** Revision that a linearizable read gave. */
  readonly revision: number;
  readonly askedMillis: number;
  /** Undefined: never. */
  readonly reachedMillis: number | undefined;
  /** What is allowed. */
  readonly withinMillis: number;
}

/** A watch that the server must refuse. */
export interface WatchRefusal {
  readonly wanted: string;
  /** The reason it gave; undefined when it created the watcher. */
  readonly reason: string | undefined;
}

/** All that the mirrors of a workload saw. */
export interface WatchHistory {
  readonly records: readonly WatchRecord[];
  readonly catchUps: readonly CatchUp[];
  readonly refusals: readonly WatchRefusal[];
}
