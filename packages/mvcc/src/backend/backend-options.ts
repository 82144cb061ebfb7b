/** Tuning of a backend; every field has a default. */
export interface BackendOptions {
  /** Longest time a write waits for its commit, in milliseconds. @default 500 */
  readonly commitIntervalMillis: number;
  /** Staged writes that start a commit at once. @default 65536 */
  readonly commitRowsMax: number;
  /** Staged bytes that start a commit at once. @default 32 MiB */
  readonly commitBytesMax: number;
  /**
   * Writes handed to LMDB in one turn of the event loop; a unit is never split, so a greater one
   * goes over in one turn. @default 4096
   */
  readonly feedRowsMax: number;
  /** Bytes of stored rows kept in memory for reads; 0 for none. @default 32 MiB */
  readonly cacheBytesMax: number;
  /**
   * Told once when storage failed. The process should stop: nothing is retried (B3).
   */
  readonly onFailure: (error: Error) => void;
}

/** Defaults of {@link BackendOptions}; a failure is only kept for the next call. */
export const defaultBackendOptions: BackendOptions = {
  commitIntervalMillis: 500,
  commitRowsMax: 65_536,
  commitBytesMax: 32 * 1024 * 1024,
  feedRowsMax: 4096,
  cacheBytesMax: 32 * 1024 * 1024,
  onFailure: () => undefined,
};
