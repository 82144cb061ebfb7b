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
import { ByteReader, ByteReaderError, ByteWriter, varintSize } from "./bytes.ts";
import { MalformedBatchError } from "./errors.ts";
import { requestKindCode, requestKindOf, type RequestKind } from "./request-kind.ts";

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

const version = 1;
const headerMaxBytes = 1 + 8 + 8 + 8 + 8;

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
export function encodeBatch(member: bigint, requests: readonly ProposedRequest[]): Uint8Array {
  const first = requests[0];
  if (first === undefined) throw new RangeError("Cannot encode batch: no requests");
  let bodyLength = 0;
  let previous = first.sequence;
  for (const [index, request] of requests.entries()) {
    const delta = request.sequence - previous;
    if (index > 0 && delta <= 0)
      throw new RangeError("Cannot encode batch: sequence not ascending");
    const length = request.bytes.length;
    bodyLength += 1 + varintSize(delta) + varintSize(request.authRevision);
    bodyLength += varintSize(length) + length;
    previous = request.sequence;
  }
  const writer = new ByteWriter(headerMaxBytes + bodyLength + 8);
  writer.byte(version);
  writer.u64(member);
  writer.varint(first.sequence);
  writer.varint(requests.length);
  writer.varint(bodyLength);
  previous = first.sequence;
  for (const request of requests) {
    writer.byte(requestKindCode(request.kind));
    writer.varint(request.sequence - previous);
    writer.varint(request.authRevision);
    writer.lengthPrefixed(request.bytes);
    previous = request.sequence;
  }
  return writer.finish();
}

/**
 * Decodes the data of a normal entry.
 *
 * @returns All requests in order; none for empty data.
 * @throws {@link MalformedBatchError} for bytes that {@link encodeBatch} and {@link concatBatches}
 *   cannot have made, an unknown version or an unknown kind.
 */
export function decodeBatch(data: Uint8Array): readonly BatchRequest[] {
  const requests: BatchRequest[] = [];
  walkBatch(data, (request) => requests.push(request));
  return requests;
}

/**
 * Joins batches into the data of one entry, in the order given.
 *
 * @remarks O(bytes). Each batch is walked first, so that a forwarded one with broken framing is
 *   refused here and never committed.
 * @throws {@link MalformedBatchError} as {@link decodeBatch}.
 */
export function concatBatches(batches: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const batch of batches) {
    walkBatch(batch, undefined);
    size += batch.length;
  }
  const [only] = batches;
  if (batches.length === 1 && only !== undefined) return only;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const batch of batches) {
    joined.set(batch, offset);
    offset += batch.length;
  }
  return joined;
}

function walkBatch(data: Uint8Array, visit: ((request: BatchRequest) => void) | undefined): void {
  const reader = new ByteReader(data);
  try {
    while (reader.remaining > 0) walkSubBatch(reader, visit);
  } catch (error) {
    if (error instanceof ByteReaderError) throw new MalformedBatchError(error.message, error);
    throw error;
  }
}

function walkSubBatch(
  reader: ByteReader,
  visit: ((request: BatchRequest) => void) | undefined,
): void {
  const foundVersion = reader.byte();
  if (foundVersion !== version) {
    throw new MalformedBatchError(`version is ${foundVersion}, expected ${version}`);
  }
  const member = reader.u64();
  let sequence = reader.varint();
  const count = reader.varint();
  const bodyLength = reader.varint();
  const end = reader.offset + bodyLength;
  if (bodyLength > reader.remaining) throw new MalformedBatchError("body is cut short");
  if (count === 0 || count > bodyLength) {
    throw new MalformedBatchError(`${count} requests in ${bodyLength} bytes`);
  }
  for (let index = 0; index < count; index += 1) {
    const kindNumber = reader.byte();
    const kind = requestKindOf(kindNumber);
    if (kind === undefined) throw new MalformedBatchError(`unknown request kind ${kindNumber}`);
    const delta = reader.varint();
    if (index === 0 ? delta !== 0 : delta === 0) {
      throw new MalformedBatchError("sequence is not ascending");
    }
    sequence += delta;
    if (!Number.isSafeInteger(sequence)) throw new MalformedBatchError("sequence exceeds 2^53-1");
    const authRevision = reader.varint();
    const bytes = reader.lengthPrefixed();
    visit?.({ member, sequence, kind, authRevision, bytes });
  }
  if (reader.offset !== end) throw new MalformedBatchError("body length does not match");
}
