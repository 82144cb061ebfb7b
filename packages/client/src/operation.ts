import type {
  DeleteRangeRequestInit,
  DeleteRangeResponse,
  PutRequestInit,
  PutResponse,
  RequestOpInit,
  ResponseOp,
} from "@quorate/api";

import { concatBytes, toBytes, type Bytes } from "./bytes.ts";
import { InvalidArgumentError } from "./errors.ts";
import { KeyValue, toHeader, type Header } from "./key-value.ts";
import { toWireRange, type KeyRange } from "./key-range.ts";
import {
  toRangeRequest,
  toRangeResult,
  type RangeOptions,
  type RangeResult,
} from "./range-request.ts";

/** What a put may ask for beside key and value. */
export interface PutOptions {
  /** Lease the key ends with; 0n detaches it from any. @default 0n */
  readonly lease?: bigint;
  /** Returns the pair as it was before. @default false */
  readonly previous?: boolean;
  /** Keeps the value, which must then be empty; the key must exist. @default false */
  readonly ignoreValue?: boolean;
  /** Keeps the lease; the key must exist. @default false */
  readonly ignoreLease?: boolean;
}

/** Answer of a put. */
export interface PutResult {
  readonly header: Header;
  /** Revision the pair was written at. */
  readonly revision: number;
  /** The pair before, if asked for and there was one. */
  readonly previous: KeyValue | undefined;
}

/** What a delete may ask for beside the keys. */
export interface DeleteOptions {
  /** Returns the removed pairs. @default false */
  readonly previous?: boolean;
}

/** Answer of a delete. */
export interface DeleteResult {
  readonly header: Header;
  /** Store revision afterwards; a new one only if something was removed. */
  readonly revision: number;
  readonly deleted: number;
  /** The removed pairs in key order, if asked for. */
  readonly previous: readonly KeyValue[];
}

/** One step of a transaction; `Result` is what it contributes to the answer. */
export interface Operation<Result> {
  /** @internal */
  readonly toRequest: (namespace: Uint8Array) => RequestOpInit;
  /** @internal */
  readonly toResult: (response: ResponseOp, namespaceLength: number) => Result;
}

/** Steps of transactions; the options are those of the client's methods of the same name. */
export const op = {
  /** Reads pairs; sees what earlier steps wrote. */
  get: (range: KeyRange, options: RangeOptions = {}): Operation<RangeResult> => ({
    toRequest: (namespace) => ({
      request: { case: "requestRange", value: toRangeRequest(range, options, namespace) },
    }),
    toResult: ({ response }, namespaceLength) => {
      if (response?.case !== "responseRange") throw unexpected("range", response?.case);
      return toRangeResult(response.value, namespaceLength);
    },
  }),
  /** Writes a pair; a key may be written once a transaction. */
  put: (key: Bytes, value: Bytes, options: PutOptions = {}): Operation<PutResult> => ({
    toRequest: (namespace) => ({
      request: { case: "requestPut", value: toPutRequest(key, value, options, namespace) },
    }),
    toResult: ({ response }, namespaceLength) => {
      if (response?.case !== "responsePut") throw unexpected("put", response?.case);
      return toPutResult(response.value, namespaceLength);
    },
  }),
  /** Removes pairs. */
  delete: (range: KeyRange, options: DeleteOptions = {}): Operation<DeleteResult> => ({
    toRequest: (namespace) => ({
      request: { case: "requestDeleteRange", value: toDeleteRequest(range, options, namespace) },
    }),
    toResult: ({ response }, namespaceLength) => {
      if (response?.case !== "responseDeleteRange") throw unexpected("delete", response?.case);
      return toDeleteResult(response.value, namespaceLength);
    },
  }),
} as const;

/** Builds the wire request of a put. @internal */
export function toPutRequest(
  key: Bytes,
  value: Bytes,
  options: PutOptions,
  namespace: Uint8Array,
): PutRequestInit {
  const keyBytes = toBytes(key);
  return {
    // An empty key is for the server to refuse; a namespace must not turn it into a valid one.
    key: keyBytes.length === 0 ? keyBytes : concatBytes(namespace, keyBytes),
    value: toBytes(value),
    lease: options.lease ?? 0n,
    prevKv: options.previous ?? false,
    ignoreValue: options.ignoreValue ?? false,
    ignoreLease: options.ignoreLease ?? false,
  };
}

/** Reads the wire answer of a put. @internal */
export function toPutResult(response: PutResponse, namespaceLength: number): PutResult {
  const header = toHeader(response.header);
  const previous = response.prevKv;
  return {
    header,
    revision: header.revision,
    previous: previous === undefined ? undefined : new KeyValue(previous, namespaceLength),
  };
}

/** Builds the wire request of a delete. @internal */
export function toDeleteRequest(
  range: KeyRange,
  options: DeleteOptions,
  namespace: Uint8Array,
): DeleteRangeRequestInit {
  return { ...toWireRange(range, namespace), prevKv: options.previous ?? false };
}

/** Reads the wire answer of a delete. @internal */
export function toDeleteResult(
  response: DeleteRangeResponse,
  namespaceLength: number,
): DeleteResult {
  const header = toHeader(response.header);
  return {
    header,
    revision: header.revision,
    deleted: response.deleted,
    previous: response.prevKvs.map((kv) => new KeyValue(kv, namespaceLength)),
  };
}

/** The error for an answer of another kind than its step. @internal */
export function unexpected(wanted: string, got: string | undefined): InvalidArgumentError {
  return new InvalidArgumentError(`Cannot read a ${wanted} answer: got ${got ?? "nothing"}`);
}
