/** The faults of a plan, as data. */
import type { LinkFaults } from "../world/peer-network-faults.ts";

/** Whom a fault strikes: the leader of that moment, or a machine by its place (taken modulo). */
export type Target = "leader" | number;

/** What a crash does to writes that were not synced. */
export type Damage = "random" | "keep-all" | "drop-all";

/** Where in its work a process dies. */
export type Effect = "file" | "frame" | "answer";

interface Timed {
  /** Virtual milliseconds from the start of the safety phase. */
  readonly atMillis: number;
}

interface Lasting extends Timed {
  /** Until it is undone. */
  readonly forMillis: number;
}

/** One fault. Each is whole in itself: leaving one out of a plan leaves the others as they are. */
export type FaultPlan =
  /** kill -9, or the power goes; the process starts again after `forMillis` (B1, B2). */
  | (Lasting & {
      readonly kind: "crash";
      readonly target: Target;
      readonly isPower: boolean;
      readonly damage: Damage;
    })
  /** The same, at the n-th effect of its process from then on. */
  | (Lasting & {
      readonly kind: "crash-at-effect";
      readonly target: Target;
      readonly effect: Effect;
      readonly countdown: number;
      readonly isPower: boolean;
      readonly damage: Damage;
    })
  /** The power of all machines goes at once (C6). */
  | (Lasting & { readonly kind: "crash-all"; readonly isPower: boolean; readonly damage: Damage })
  /** Stopped in order and started again: an upgrade, a reboot. */
  | (Lasting & { readonly kind: "restart"; readonly target: Target })
  /** SIGSTOP and SIGCONT (B12). */
  | (Lasting & { readonly kind: "pause"; readonly target: Target })
  /** No link of a machine works (B8). */
  | (Lasting & { readonly kind: "isolate"; readonly target: Target })
  /** Machines fall into two groups by the bits of `sides` (B8). */
  | (Lasting & { readonly kind: "split"; readonly sides: number })
  /** One machine reaches both halves, which do not reach each other (B9). */
  | (Lasting & { readonly kind: "bridge"; readonly target: Target; readonly sides: number })
  /** Each machine reaches a majority and no two the same one (B9). */
  | (Lasting & { readonly kind: "ring" })
  /** Links in one direction are silent: to the target, from it, or to one other (B9, C18). */
  | (Lasting & {
      readonly kind: "one-way";
      readonly target: Target;
      readonly other: number | "all";
      readonly direction: "to" | "from";
    })
  /** Links are cut one after the other and mended in another order. */
  | (Lasting & { readonly kind: "swizzle" })
  /** Nothing moves on a link and nothing is lost. */
  | (Lasting & { readonly kind: "clog"; readonly target: Target })
  /** Connections break (B10). */
  | (Timed & { readonly kind: "reset"; readonly target: Target })
  /** Connections to the target, from it or both are dead, and nobody is told (B10). */
  | (Timed & {
      readonly kind: "half-open";
      readonly target: Target;
      readonly direction: "to" | "from" | "both";
    })
  /** A link that comes and goes. */
  | (Lasting & { readonly kind: "flap"; readonly target: Target; readonly periodMillis: number })
  /** Loss, duplication and disorder of the messages of consensus, and slow links (B10). */
  | (Lasting & {
      readonly kind: "bad-links";
      readonly faults: LinkFaults;
    })
  /** Clients of a machine are cut off. */
  | (Lasting & { readonly kind: "cut-clients"; readonly target: Target })
  /** Connections of clients break. */
  | (Timed & { readonly kind: "reset-clients"; readonly target: Target })
  /** Connections of clients are dead, and nobody is told (B10). */
  | (Timed & { readonly kind: "half-open-clients"; readonly target: Target })
  /** A client's machine stops. */
  | (Lasting & { readonly kind: "pause-client"; readonly client: number })
  /** Syncs take up to so long, or reads and all else that a process waits for as well (B11). */
  | (Lasting & {
      readonly kind: "slow-disk";
      readonly target: Target;
      readonly maxMillis: number;
      readonly isEverything: boolean;
    })
  /** The n-th sync from then on fails, and what it was about is lost (B3). */
  | (Lasting & { readonly kind: "sync-error"; readonly target: Target; readonly countdown: number })
  /** The n-th sync of the names in a directory from then on fails (B3). */
  | (Lasting & { readonly kind: "name-error"; readonly target: Target; readonly countdown: number })
  /** The n-th write from then on fails, in part done (B4, B5). */
  | (Lasting & {
      readonly kind: "write-error";
      readonly target: Target;
      readonly countdown: number;
      readonly errno: "EIO" | "ENOSPC";
    })
  /** Its process is killed, and the n-th read of the next one fails (B4). */
  | (Lasting & { readonly kind: "read-error"; readonly target: Target; readonly countdown: number })
  /** Syncs say yes and do nothing, then the power goes. */
  | (Timed & {
      readonly kind: "lying-sync";
      readonly target: number;
      /** Whether somebody else is elected meanwhile. */
      readonly isElected: boolean;
    })
  /** A write says yes and does nothing, or goes elsewhere; some time later the process ends. */
  | (Timed & {
      readonly kind: "lost-write";
      readonly target: number;
      readonly countdown: number;
      /** Where it goes instead, as a part of one of the size of a log file; undefined: nowhere. */
      readonly elsewhere: number | undefined;
    })
  /** A process is killed, and a read of the next one comes back with a wrong bit (B4). */
  | (Timed & {
      readonly kind: "read-flip";
      readonly target: number;
      readonly countdown: number;
      readonly bit: number;
    })
  /** The disk is full until it is mended (B5). */
  | (Lasting & { readonly kind: "full-disk"; readonly target: Target })
  /** A bit of the log or the store flips while the process is down (B6, B7). */
  | (Timed & {
      readonly kind: "bit-flip";
      readonly target: number;
      readonly file: "log" | "store";
      /** Place in the file, or among the rows of the store, as a part of one. */
      readonly place: number;
    })
  /** The disk is lost; the member is removed and a new one added in its place. */
  | (Timed & { readonly kind: "wipe"; readonly target: Target })
  /** The disk is put back to what it was `backMillis` ago (B16). */
  | (Timed & {
      readonly kind: "stale-copy";
      readonly target: number;
      readonly backMillis: number;
      /** Whether somebody else is elected meanwhile. */
      readonly isElected: boolean;
    })
  /** The store writes what it has before its time (D6). */
  | (Timed & { readonly kind: "early-flush"; readonly target: Target })
  /** The wall clock jumps (B13). */
  | (Timed & { readonly kind: "clock-jump"; readonly target: Target; readonly millis: number })
  /** Leadership is handed over (B17). */
  | (Timed & { readonly kind: "transfer"; readonly target: Target })
  /** A learner joins, catches up and is promoted, unless it is to stay one (B15). */
  | (Timed & { readonly kind: "add-member"; readonly isPromoted: boolean })
  /**
   * A member is removed, and its machine runs on until it hears of it (B15, M3); not before the
   * healing when it is cut off first.
   */
  | (Timed & {
      readonly kind: "remove-member";
      readonly target: Target;
      readonly isCutOff: boolean;
    });

/** What tells faults apart. */
export type FaultKind = FaultPlan["kind"];
