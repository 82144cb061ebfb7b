import type { DecodedRequest } from "./request.ts";

/**
 * A sub-batch of an entry whose requests its proposer still holds decoded, so that applying it here
 * parses nothing.
 */
export interface HeldBatch {
  /** All requests of the sub-batch, in its order. */
  readonly requests: readonly DecodedRequest[];
}

/** Where a sub-batch is, and whose. */
export interface BatchPosition {
  readonly member: bigint;
  /** Number of the first request. */
  readonly firstSequence: number;
  /** First byte in the data of the entry, and the byte behind the last. */
  readonly batchBegin: number;
  readonly batchEnd: number;
}

/** Finds what the proposer holds. */
export interface HeldBatches<Batch extends HeldBatch> {
  /**
   * The held form of a sub-batch; undefined has it decoded.
   *
   * Members must never apply different things (P8), so what is returned must be what decoding the
   * bytes would give: all of them were compared, or they are the very array that was proposed.
   *
   * @param data - Of the whole entry.
   */
  find(position: BatchPosition, data: Uint8Array): Batch | undefined;
}
