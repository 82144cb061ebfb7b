/** How a disk deceives those who trust it. */
export type SimDeception =
  | "lying-sync"
  | "lost-write"
  | "misdirected-write"
  | "bit-flip"
  /** A read that brought other bytes than are there. */
  | "misread"
  /** The contents of another time. */
  | "restored";

/**
 * Sees what happens on a `SimFileSystem`, in the event in which it happens. Paths are those under
 * which files are found now, whatever they were called when they were opened.
 */
export interface SimFileObserver {
  /**
   * Bytes are in the cache. They are never changed again and may be kept.
   *
   * @param bytes - What fitted; fewer than were asked for when space ran out.
   */
  written?(path: string, position: number, bytes: Uint8Array): void;
  truncated?(path: string, sizeBytes: number): void;
  /** A sync has made durable what was written before it was asked for. */
  synced?(path: string): void;
  /** A sync of names has done so. */
  directorySynced?(path: string): void;
  /** Of a file or a directory. */
  renamed?(from: string, to: string): void;
  /** Of a file or a directory with all that is in it. */
  removed?(path: string): void;
  /** The process was told a success or bytes that were none, or what it wrote was changed. */
  deceived?(how: SimDeception, path: string): void;
  /** Power went and came back: what is on the disk now is what is left. */
  crashed?(): void;
}
