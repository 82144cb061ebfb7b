// A normal log entry holds everything that was proposed within one turn of the event loop.
//
//   entry     = sub-batch*                  one per proposing member; none in a new leader's entry
//   sub-batch = version:u8=1 member:u64 first-sequence:varint count:varint body-length:varint body
//   body      = (kind:u8 sequence-delta:varint auth-revision:varint length:varint bytes)*
//
// A follower sends its sub-batch to the leader, which puts the sub-batches of a turn one behind the
// other: joining is copying. The 64-bit member id stands once per sub-batch; a request costs 4
// bytes beside its own in the usual case. `sequence` is unique within one life of the proposing
// process and starts at a random number below 2^52 (see `firstSequence`), so that an entry proposed
// before a restart is not taken for the answer to a request made after it.
import { BatchReader, batchVersion } from "./batch-reader.ts";
import { varintSize, writeU64, writeVarint } from "./bytes.ts";
import { requestKindCode, type RequestKind } from "./request-kind.ts";

/** Names a request: which member proposed it, and its number in the life of that process. */
export interface RequestId {
  /** Id of the proposing member. */
  readonly member: bigint;
  /** Safe integer; ascending in the order of proposal. */
  readonly sequence: number;
}

/** What a proposer puts into a batch. */
export interface ProposedRequest {
  /** See {@link RequestId}. */
  readonly sequence: number;
  readonly kind: RequestKind;
  /** Auth revision the permissions were judged at; 0 while auth is off. */
  readonly authRevision: number;
  /** The request's bytes; never changed on their way. */
  readonly bytes: Uint8Array;
}

/** One request of a decoded batch; `bytes` is a view into the entry's data. */
export interface BatchRequest extends RequestId, ProposedRequest {}

/** Bytes that a request adds to a batch beside its own, at most. */
export const requestOverheadMaxBytes: number = 1 + 8 + 8 + 8;

/**
 * First sequence number of a process: uniform in `[0, 2^52)`.
 *
 * @param random - 64 uniform bits, drawn by the caller.
 * @remarks Two lives of a member that each propose 2^30 requests overlap with a chance of 2^-21,
 *   and an overlap only matters for an entry still in flight over the restart.
 */
export function firstSequence(random: bigint): number {
  return Number(BigInt.asUintN(52, random));
}

/**
 * Encodes the requests of one proposer as one sub-batch.
 *
 * @param member - Id of the proposer.
 * @param requests - Not empty; `sequence` strictly ascending.
 * @throws RangeError when the requests are empty or out of order.
 */
// Hot: one pass to measure, one to write.
export function encodeBatch(member: bigint, requests: readonly ProposedRequest[]): Uint8Array {
  const first = requests[0];
  if (first === undefined) throw new RangeError("Cannot encode batch: no requests");
  const bodySize = measureBody(requests, first.sequence);
  let headSize = 1 + 8 + varintSize(first.sequence);
  headSize += varintSize(requests.length) + varintSize(bodySize);
  const data = new Uint8Array(headSize + bodySize);
  data[0] = batchVersion;
  writeU64(data, 1, member);
  let at = writeVarint(data, 9, first.sequence);
  at = writeVarint(data, at, requests.length);
  at = writeVarint(data, at, bodySize);
  let previous = first.sequence;
  for (const { kind, sequence, authRevision, bytes } of requests) {
    data[at] = requestKindCode(kind);
    at = writeVarint(data, at + 1, sequence - previous);
    at = writeVarint(data, at, authRevision);
    at = writeVarint(data, at, bytes.length);
    data.set(bytes, at);
    at += bytes.length;
    previous = sequence;
  }
  return data;
}

function measureBody(requests: readonly ProposedRequest[], first: number): number {
  let size = 0;
  let previous = first;
  let deltaMin = 0;
  for (const { sequence, authRevision, bytes } of requests) {
    const delta = sequence - previous;
    if (delta < deltaMin) throw new RangeError("Cannot encode batch: sequence not ascending");
    deltaMin = 1;
    const { length } = bytes;
    size += 1 + varintSize(delta) + varintSize(authRevision) + varintSize(length) + length;
    previous = sequence;
  }
  return size;
}

/**
 * Decodes the data of a normal entry.
 *
 * @returns All requests in order; none for empty data.
 * @throws MalformedBatchError for bytes that {@link encodeBatch} and {@link joinBatches}
 *   cannot have made, an unknown version or an unknown kind.
 */
export function decodeBatch(data: Uint8Array): readonly BatchRequest[] {
  const requests: BatchRequest[] = [];
  const reader = new BatchReader(data);
  while (reader.nextBatch()) {
    const { member } = reader;
    while (reader.nextRequest()) {
      const { sequence, kind, authRevision, begin, end } = reader;
      requests.push({ member, sequence, kind, authRevision, bytes: data.subarray(begin, end) });
    }
  }
  return requests;
}

/**
 * Checks the framing of a batch that another member has sent, so that a broken one is refused
 * before it is proposed and never committed.
 *
 * @remarks O(requests).
 * @throws MalformedBatchError as {@link decodeBatch}.
 */
export function checkBatch(data: Uint8Array): void {
  const reader = new BatchReader(data);
  while (reader.nextBatch()) {
    // What matters is that each step is possible.
    while (reader.nextRequest());
  }
}

/**
 * Joins batches into the data of one entry, in the order given.
 *
 * @param batches - Made by {@link encodeBatch} here, or checked by {@link checkBatch}.
 * @returns A lone batch itself, else a copy of all. O(bytes).
 */
export function joinBatches(batches: readonly Uint8Array[]): Uint8Array {
  const [only] = batches;
  if (batches.length === 1 && only !== undefined) return only;
  let size = 0;
  for (const batch of batches) size += batch.length;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const batch of batches) {
    joined.set(batch, offset);
    offset += batch.length;
  }
  return joined;
}
