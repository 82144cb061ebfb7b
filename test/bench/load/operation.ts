import {
  CompareCompareResult,
  CompareCompareTarget,
  encodeLeaseGrantRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  services,
  decodeRangeResponse,
  decodeTxnResponse,
  type PutRequestInit,
} from "@quorate/api";

import { prefixed } from "./grpc-connection.ts";
import type { Operation } from "./load-spec.ts";

/** Requests of one kind, framed before the measurement as far as that is possible. */
export interface RequestSource {
  readonly path: string;
  /** How many there are before they end; undefined when they repeat for ever. */
  readonly count: number | undefined;
  /** The request of a position, with gRPC's prefix. */
  request(index: number): Buffer;
  /**
   * Whether an answer is what it should be; judged by its size where decoding would cost. The
   * answer is what `bytes` holds from `begin` up to `end`.
   */
  isRight(bytes: Buffer, begin: number, end: number): boolean;
}

/** Different requests kept ready; with more keys than this, only so many of them are asked for. */
const preparedMax = 10_000;

/** Longer than any measurement. */
const leaseTtlSeconds = 3_600;

/** By how much answers of equal content can differ in size. */
const headerBytesMax = 32;

/** Keys have a fixed width, so their order is that of the numbers. */
function keyAt(prefix: string, index: number): Buffer {
  return Buffer.from(prefix + String(index).padStart(8, "0"), "latin1");
}

/** The first key after all keys of a prefix. */
export function prefixEnd(prefix: string): Buffer {
  const bytes = Buffer.from(prefix, "latin1");
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) + 1, bytes.length - 1);
  return bytes;
}

/** Text without repetitions that values are cut from: the same in each run, for both peers. */
const text = textWithoutRepetitions(1 << 20);

/** Value of a key: a view of shared text, another one for each key. */
function valueAt(index: number, size: number): Buffer {
  const begin = (index * 7_919) % (text.length - size);
  return text.subarray(begin, begin + size);
}

function textWithoutRepetitions(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 1;
  for (let offset = 0; offset < size; offset += 1) {
    // A linear congruential generator: no randomness, so that runs are alike.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[offset] = 0x20 + ((state >>> 24) % 95);
  }
  return bytes;
}

/** Prepares the requests of an operation: at most 10,000 different ones. */
export function requestSource(operation: Operation): RequestSource {
  switch (operation.kind) {
    case "put":
      return repeating(services.kv.put.path, operation.keyCount, isAny, (index) =>
        encodePutRequest(put(operation, index)),
      );
    case "range":
      return repeating(services.kv.range.path, operation.keyCount, hasOneKey, (index) =>
        encodeRangeRequest({
          // Loaded keys are visited all over the range.
          key: keyAt(operation.keyPrefix, (index * 7_919) % operation.keyCount),
          serializable: operation.isSerializable,
        }),
      );
    case "list":
      return listSource(operation);
    case "txn":
      return repeating(services.kv.txn.path, operation.keyCount, hasSucceeded, (index) =>
        encodeTxnRequest(compareAndPut(operation, index)),
      );
    case "fill":
      return fillSource(operation);
    case "grant":
      return grantSource(operation);
  }
}

function repeating(
  path: string,
  keyCount: number,
  isRight: RequestSource["isRight"],
  encode: (index: number) => Uint8Array,
): RequestSource {
  const prepared = Array.from({ length: Math.min(keyCount, preparedMax) }, (_, index) =>
    prefixed(encode(index)),
  );
  return { path, count: undefined, request: (index) => at(prepared, index), isRight };
}

function listSource({ keyPrefix, keyCount }: Extract<Operation, { kind: "list" }>): RequestSource {
  let rightBytes: number | undefined;
  const request = prefixed(
    encodeRangeRequest({ key: Buffer.from(keyPrefix), rangeEnd: prefixEnd(keyPrefix) }),
  );
  return {
    path: services.kv.range.path,
    count: undefined,
    request: () => request,
    isRight: (bytes, begin, end) => {
      // Nothing is written meanwhile: all answers have the size of the first one, but for the
      // header, in which each member has its own id.
      rightBytes ??= listedKeys(bytes, begin, end) === keyCount ? end - begin : undefined;
      return Math.abs(end - begin - (rightBytes ?? 0)) <= headerBytesMax;
    },
  };
}

function fillSource(operation: Extract<Operation, { kind: "fill" }>): RequestSource {
  const { keyCount, keysPerTxn } = operation;
  return {
    path: services.kv.txn.path,
    count: Math.ceil(keyCount / keysPerTxn),
    request: (index) => {
      const first = index * keysPerTxn;
      const length = Math.min(keysPerTxn, keyCount - first);
      const success = Array.from({ length }, (_, offset) => ({
        request: { case: "requestPut", value: put(operation, first + offset) } as const,
      }));
      return prefixed(encodeTxnRequest({ success }));
    },
    isRight: hasSucceeded,
  };
}

function grantSource({
  leaseIdFirst,
  leaseCount,
}: Extract<Operation, { kind: "grant" }>): RequestSource {
  return {
    path: services.lease.leaseGrant.path,
    count: leaseCount,
    request: (index) =>
      prefixed(encodeLeaseGrantRequest({ id: BigInt(leaseIdFirst + index), ttl: leaseTtlSeconds })),
    isRight: isAny,
  };
}

function put(
  operation: { readonly keyPrefix: string; readonly valueBytes: number },
  index: number,
): PutRequestInit {
  return {
    key: keyAt(operation.keyPrefix, index),
    value: valueAt(index, operation.valueBytes),
  };
}

function compareAndPut(
  operation: Extract<Operation, { kind: "txn" }>,
  index: number,
): Parameters<typeof encodeTxnRequest>[0] {
  const key = keyAt(operation.keyPrefix, index);
  return {
    compare: [
      {
        key,
        target: CompareCompareTarget.VERSION,
        result: CompareCompareResult.GREATER,
        targetUnion: { case: "version", value: 0 },
      },
    ],
    success: [
      { request: { case: "requestPut", value: put(operation, index) } },
      { request: { case: "requestRange", value: { key } } },
    ],
    failure: [],
  };
}

/** The message of a Put under the key of a position, without gRPC's prefix. */
export function encodedPut(
  operation: { readonly keyPrefix: string; readonly valueBytes: number },
  index: number,
): Uint8Array {
  return encodePutRequest(put(operation, index));
}

function isAny(): boolean {
  return true;
}

/** An answer with a pair is longer than one that has only a header. */
function hasOneKey(bytes: Buffer, begin: number, end: number): boolean {
  return end - begin > 100 || listedKeys(bytes, begin, end) === 1;
}

function listedKeys(bytes: Buffer, begin: number, end: number): number {
  return decodeRangeResponse(bytes.subarray(begin, end)).kvs.length;
}

function hasSucceeded(bytes: Buffer, begin: number, end: number): boolean {
  return end - begin > 200 || decodeTxnResponse(bytes.subarray(begin, end)).succeeded;
}

function at(requests: readonly Buffer[], index: number): Buffer {
  const request = requests[index % requests.length];
  if (request === undefined) throw new Error(`Cannot send request ${index}: none was prepared`);
  return request;
}
