import type { Logger } from "@quorate/platform";

/** A rare event in the life of a log. */
export type WalEvent =
  /** Recovery removed remains of writes that were never acknowledged. */
  | {
      readonly kind: "tail-cut";
      readonly path: string;
      readonly offset: number;
      readonly bytes: number;
      readonly problem: string;
    }
  /** Recovery removed a file that a crash had left unfinished. */
  | { readonly kind: "leftover-removed"; readonly path: string }
  /** Recovery read the log. */
  | {
      readonly kind: "recovered";
      readonly segments: number;
      readonly entries: number;
      readonly lastIndex: number;
      readonly snapshotIndex: number;
      readonly millis: number;
    }
  /** Records go to a new segment. */
  | { readonly kind: "segment-cut"; readonly path: string; readonly previousBytes: number }
  /** The next segment cannot be prepared; the current one grows beyond its size meanwhile. */
  | { readonly kind: "prepare-failed"; readonly path: string; readonly errno: string }
  /** A segment was deleted because a snapshot covers it. */
  | { readonly kind: "segment-released"; readonly path: string }
  /** The log is unusable (B3). */
  | { readonly kind: "failed"; readonly error: unknown };

/** Renders events as log lines. */
export function logWalEvents(logger: Logger): (event: WalEvent) => void {
  return (event) => {
    switch (event.kind) {
      case "tail-cut": {
        const { path, offset, bytes, problem } = event;
        logger.warn("cut a torn tail off the log", { path, offset, bytes, problem });
        return;
      }
      case "leftover-removed":
        logger.info("removed an unfinished log file", { path: event.path });
        return;
      case "recovered": {
        const { segments, entries, lastIndex, snapshotIndex, millis } = event;
        const fields = { segments, entries, lastIndex, snapshotIndex, millis };
        logger.info("recovered the log", fields);
        return;
      }
      case "segment-cut": {
        const { path, previousBytes } = event;
        logger.info("began a log segment", { path, previousBytes });
        return;
      }
      case "prepare-failed": {
        const { path, errno } = event;
        logger.warn("cannot prepare the next log segment", { path, errno });
        return;
      }
      case "segment-released":
        logger.info("deleted a log segment", { path: event.path });
        return;
      case "failed":
        logger.error("the log has failed", { error: String(event.error) });
        return;
      default:
        assertNever(event);
    }
  };
}

function assertNever(event: never): never {
  throw new Error(`Unknown event: ${JSON.stringify(event)}`);
}
