import { ByteReader, ByteReaderError } from "./bytes.ts";
import { MalformedBatchError } from "./errors.ts";
import { requestKindOf, type RequestKind } from "./request-kind.ts";

/** Version of the form in the first byte of each sub-batch; see `batch.ts`. */
export const batchVersion = 1;

/**
 * Walks the data of an entry and makes no object for a request.
 *
 * ```
 * while (reader.nextBatch()) {
 *   if (isKnown(reader.member, reader.firstSequence)) reader.skipRequests();
 *   else while (reader.nextRequest()) use(data.subarray(reader.begin, reader.end));
 * }
 * ```
 *
 * All methods throw {@link MalformedBatchError} for bytes that no member writes.
 */
// Hot: every entry that another member proposed passes here, request by request.
export class BatchReader {
  /** Of the sub-batch: who proposed it. */
  member = 0n;
  /** Of the sub-batch: number of its first request. */
  firstSequence = 0;
  /** Of the sub-batch: its first byte, and the byte behind its last. */
  batchBegin = 0;
  batchEnd = 0;
  /** Of the request. */
  sequence = 0;
  kind: RequestKind = "put";
  authRevision = 0;
  /** Of the request: where its bytes begin and end in the data. */
  begin = 0;
  end = 0;
  readonly #reader: ByteReader;
  /** Requests of the sub-batch that were not read yet. */
  #left = 0;

  constructor(data: Uint8Array) {
    this.#reader = new ByteReader(data);
  }

  /** Steps to the next sub-batch; the requests of the last one were read or skipped. */
  nextBatch(): boolean {
    const reader = this.#reader;
    if (reader.remaining === 0) return false;
    try {
      this.#readHead(reader);
    } catch (error) {
      throw toBatchError(error);
    }
    return true;
  }

  /** Steps to the next request of the sub-batch; false after the last one. */
  nextRequest(): boolean {
    if (this.#left === 0) {
      if (this.#reader.offset === this.batchEnd) return false;
      throw new MalformedBatchError("body length does not match");
    }
    try {
      this.#readRequest(this.#reader);
    } catch (error) {
      throw toBatchError(error);
    }
    return true;
  }

  /** Passes over the requests of the sub-batch unseen. */
  skipRequests(): void {
    this.#reader.skip(this.batchEnd - this.#reader.offset);
    this.#left = 0;
  }

  #readHead(reader: ByteReader): void {
    this.batchBegin = reader.offset;
    const version = reader.byte();
    if (version !== batchVersion) {
      throw new MalformedBatchError(`version is ${version}, expected ${batchVersion}`);
    }
    this.member = reader.u64();
    this.firstSequence = reader.varint();
    const count = reader.varint();
    const bodyLength = reader.varint();
    if (bodyLength > reader.remaining) throw new MalformedBatchError("body is cut short");
    if (count === 0 || count > bodyLength) {
      throw new MalformedBatchError(`${count} requests in ${bodyLength} bytes`);
    }
    this.batchEnd = reader.offset + bodyLength;
    this.sequence = this.firstSequence - 1;
    this.#left = count;
  }

  #readRequest(reader: ByteReader): void {
    const kindNumber = reader.byte();
    const kind = requestKindOf(kindNumber);
    if (kind === undefined) throw new MalformedBatchError(`unknown request kind ${kindNumber}`);
    this.kind = kind;
    const delta = reader.varint();
    const isFirst = this.sequence < this.firstSequence;
    if (isFirst ? delta !== 0 : delta === 0) {
      throw new MalformedBatchError("sequence is not ascending");
    }
    this.sequence = (isFirst ? this.firstSequence : this.sequence) + delta;
    if (!Number.isSafeInteger(this.sequence)) {
      throw new MalformedBatchError("sequence exceeds 2^53-1");
    }
    this.authRevision = reader.varint();
    const length = reader.varint();
    this.begin = reader.offset;
    reader.skip(length);
    this.end = reader.offset;
    this.#left -= 1;
  }
}

function toBatchError(error: unknown): unknown {
  if (!(error instanceof ByteReaderError)) return error;
  return new MalformedBatchError(error.message, error);
}
