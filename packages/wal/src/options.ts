import {
  noopCounter,
  noopHistogram,
  type Clock,
  type Counter,
  type FileSystem,
  type Histogram,
  type Random,
} from "@quorate/platform";
import type { WalEvent } from "./events.ts";

/** Settings of a log; all members may differ. */
export interface WalOptions {
  /**
   * A segment is left for the next when a record would end beyond this. Larger ones are fewer
   * files and fewer syncs of the directory, and free space later.
   *
   * @default 64 MiB; 4 KiB at least
   */
  readonly segmentBytes: number;
}

/** See {@link WalOptions}. */
export const defaultWalOptions: WalOptions = { segmentBytes: 64 * 1024 * 1024 };

/** What a log needs from outside. */
export interface WalDependencies {
  readonly files: FileSystem;
  /** Measures syncs. */
  readonly clock: Clock;
  /** Draws the salts of segments. */
  readonly random: Random;
  /**
   * A write or sync failed: called once, after it no append succeeds. The process must stop
   * serving and exit; the disk must not be asked again (B3).
   */
  readonly onFailure: (error: unknown) => void;
  /** Gets rare events; see `logWalEvents`. @default none */
  readonly onEvent?: (event: WalEvent) => void;
  /** @default instruments that keep nothing */
  readonly instruments?: WalInstruments;
}

/** Where a log reports what it measures. */
export interface WalInstruments {
  /** Seconds of each sync. */
  readonly syncSeconds: Histogram;
  /** Seconds of each write into the page cache. */
  readonly writeSeconds: Histogram;
  /** Bytes written, framing included. */
  readonly writtenBytes: Counter;
}

/** Instruments that keep nothing. */
export const noopWalInstruments: WalInstruments = {
  syncSeconds: noopHistogram,
  writeSeconds: noopHistogram,
  writtenBytes: noopCounter,
};

/** Fills in defaults and checks bounds. @throws RangeError */
export function validateWalOptions(options: Partial<WalOptions>): WalOptions {
  const merged = { ...defaultWalOptions, ...options };
  const { segmentBytes } = merged;
  if (!Number.isInteger(segmentBytes) || segmentBytes < 4096 || segmentBytes > 2 ** 30) {
    throw new RangeError(`Invalid segmentBytes: ${segmentBytes} is not in [4096, 2^30]`);
  }
  return merged;
}
