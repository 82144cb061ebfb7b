/** What observers of a registry saw. */

/** An instance as far as observers compare it. */
export interface SeenInstance {
  /** latin1 of the row's key. */
  readonly key: string;
  readonly address: string;
  readonly leaseId: bigint;
}

/** One event of a registry watch. */
export interface RegistryEvent {
  readonly kind: "snapshot" | "up" | "changed" | "down";
  readonly revision: number;
  readonly instances: readonly SeenInstance[];
}

/** The whole life of one observer. */
export interface RegistryObserver {
  readonly name: string;
  /** Prefix of the rows that it follows. */
  readonly prefix: string;
  readonly events: readonly RegistryEvent[];
  /**
   * A row that was written after all others had settled: from when on, and when the observer had
   * it. Undefined when the run ended before.
   */
  readonly last:
    | {
        readonly revision: number;
        readonly askedMillis: number;
        readonly reachedMillis: number | undefined;
        readonly withinMillis: number;
      }
    | undefined;
}
