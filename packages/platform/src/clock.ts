/** Reads time. The only source of time above this package, so that a simulator can replace it. */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back, whatever the wall clock does (L7). */
  monotonicMillis(): number;
  /** Milliseconds since the Unix epoch; may jump. For logs, certificates and tokens only. */
  wallMillis(): number;
}

/** A timer that was set and can be cancelled; cancelling twice or after it fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Schedules callbacks. Callbacks never run inside the call that set them. */
export interface Timers {
  /**
   * Runs `callback` once after at least `delayMillis`.
   *
   * @param delayMillis - Any non-negative number; beyond 2^31-1 ms it is split, not wrapped (C50).
   */
  setTimer(delayMillis: number, callback: () => void): Timer;
  /** Runs `callback` at the end of this turn of the event loop, after pending I/O callbacks. */
  setImmediate(callback: () => void): Timer;
}
