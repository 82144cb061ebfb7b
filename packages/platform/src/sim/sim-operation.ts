import type { CrashDamage } from "./sim-inode.ts";

/** One call on a `SimFileSystem`, as its fault policy sees it before it takes place. */
export interface SimOperation {
  readonly kind: SimOperationKind;
  readonly path: string;
  /** Counts all operations of the file system from 1; for "fail at operation n". */
  readonly sequence: number;
  /** Length of a read or write; 0 for other kinds. */
  readonly bytes: number;
}

/** See {@link SimOperation}. */
export type SimOperationKind =
  | "open"
  | "list"
  | "stat"
  | "make-directory"
  | "rename"
  | "remove"
  | "remove-directory"
  | "sync-directory"
  | "lock"
  | "write"
  | "read"
  | "datasync"
  | "truncate"
  | "size"
  | "close";

/** What a fault policy makes of an operation. */
export type SimFault =
  /** Fails. A failed `datasync` also drops the dirty pages, and the next one reports success. */
  | { readonly kind: "error"; readonly errno: string }
  /** A write puts the first `bytes` down, then fails. */
  | { readonly kind: "short-write"; readonly bytes: number; readonly errno: string }
  /** A write reports success and puts nothing down. */
  | { readonly kind: "lost-write" }
  /** A write goes to another place of the file. */
  | { readonly kind: "misdirected-write"; readonly position: number }
  /** A read hands out one wrong bit; the platters are right. */
  | { readonly kind: "bit-flip"; readonly bit: number }
  /** A datasync or directory sync reports success and makes nothing durable. */
  | { readonly kind: "lying-sync" }
  /** Takes this long on the timers given; an operation that is synchronous is not delayed. */
  | { readonly kind: "delay"; readonly millis: number }
  /** Power goes before or after the operation took place (not: became durable). */
  | { readonly kind: "crash"; readonly when: "before" | "after"; readonly damage: CrashDamage };

/** Decides about each operation; undefined lets it pass. */
export type SimFaultPolicy = (operation: SimOperation) => SimFault | undefined;
