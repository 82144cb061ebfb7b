// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.
import { bytesSize, int64ExactSize, Writer } from "../writer.ts";
import {
  createResponseHeader,
  mergeResponseHeader,
  sizeResponseHeader,
  writeResponseHeader,
  type ResponseHeader,
  type ResponseHeaderInit,
} from "./etcdserverpb.ts";
import { emptyBytes, Reader } from "../reader.ts";

const noLengths: number[] = [];

/**
 * Waits for a lock that lives as long as the lease.
 *
 * `v3lockpb.LockRequest` as decoded: every field is there.
 */
export interface LockRequest {
  name: Uint8Array;
  lease: bigint;
}

/** {@link LockRequest} to encode: what is absent has its default. */
export interface LockRequestInit {
  readonly name?: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
}

function mergeLockRequest(reader: Reader, message: LockRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.view();
        break;
      case 16:
        message.lease = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `v3lockpb.LockRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLockRequest(bytes: Uint8Array): LockRequest {
  const message = createLockRequest();
  mergeLockRequest(new Reader(bytes), message);
  return message;
}

function sizeLockRequest(message: LockRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name.length > 0) size += 1 + bytesSize(name.length);
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) size += 1 + int64ExactSize(lease);
  return size;
}

function writeLockRequest(writer: Writer, message: LockRequestInit): void {
  const name = message.name;
  if (name !== undefined && name.length > 0) {
    writer.byte(10);
    writer.view(name);
  }
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) {
    writer.byte(16);
    writer.varintExact(lease);
  }
}

/** Encodes `v3lockpb.LockRequest`. */
export function encodeLockRequest(message: LockRequestInit): Uint8Array {
  const writer = new Writer(sizeLockRequest(message, noLengths));
  writeLockRequest(writer, message);
  return writer.finish();
}

function createLockRequest(): LockRequest {
  return {
    name: emptyBytes,
    lease: 0n,
  };
}

/**
 * The key that stands for the lock while it is held.
 *
 * `v3lockpb.LockResponse` as decoded: every field is there.
 */
export interface LockResponse {
  header: ResponseHeader | undefined;
  key: Uint8Array;
}

/** {@link LockResponse} to encode: what is absent has its default. */
export interface LockResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly key?: Uint8Array | undefined;
}

function mergeLockResponse(reader: Reader, message: LockResponse): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = (message.header ??= createResponseHeader());
        mergeResponseHeader(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18:
        message.key = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `v3lockpb.LockResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLockResponse(bytes: Uint8Array): LockResponse {
  const message = createLockResponse();
  mergeLockResponse(new Reader(bytes), message);
  return message;
}

function sizeLockResponse(message: LockResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  return size;
}

function writeLockResponse(writer: Writer, message: LockResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(18);
    writer.view(key);
  }
}

/** Encodes `v3lockpb.LockResponse`. */
export function encodeLockResponse(message: LockResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLockResponse(message, lengths), lengths);
  writeLockResponse(writer, message);
  return writer.finish();
}

function createLockResponse(): LockResponse {
  return {
    header: undefined,
    key: emptyBytes,
  };
}

/**
 * Releases a lock.
 *
 * `v3lockpb.UnlockRequest` as decoded: every field is there.
 */
export interface UnlockRequest {
  key: Uint8Array;
}

/** {@link UnlockRequest} to encode: what is absent has its default. */
export interface UnlockRequestInit {
  readonly key?: Uint8Array | undefined;
}

function mergeUnlockRequest(reader: Reader, message: UnlockRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.key = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `v3lockpb.UnlockRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeUnlockRequest(bytes: Uint8Array): UnlockRequest {
  const message = createUnlockRequest();
  mergeUnlockRequest(new Reader(bytes), message);
  return message;
}

function sizeUnlockRequest(message: UnlockRequestInit, _lengths: number[]): number {
  let size = 0;
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  return size;
}

function writeUnlockRequest(writer: Writer, message: UnlockRequestInit): void {
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(10);
    writer.view(key);
  }
}

/** Encodes `v3lockpb.UnlockRequest`. */
export function encodeUnlockRequest(message: UnlockRequestInit): Uint8Array {
  const writer = new Writer(sizeUnlockRequest(message, noLengths));
  writeUnlockRequest(writer, message);
  return writer.finish();
}

function createUnlockRequest(): UnlockRequest {
  return {
    key: emptyBytes,
  };
}

/**
 * Answer to a release.
 *
 * `v3lockpb.UnlockResponse` as decoded: every field is there.
 */
export interface UnlockResponse {
  header: ResponseHeader | undefined;
}

/** {@link UnlockResponse} to encode: what is absent has its default. */
export interface UnlockResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeUnlockResponse(reader: Reader, message: UnlockResponse): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = (message.header ??= createResponseHeader());
        mergeResponseHeader(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `v3lockpb.UnlockResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeUnlockResponse(bytes: Uint8Array): UnlockResponse {
  const message = createUnlockResponse();
  mergeUnlockResponse(new Reader(bytes), message);
  return message;
}

function sizeUnlockResponse(message: UnlockResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeUnlockResponse(writer: Writer, message: UnlockResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `v3lockpb.UnlockResponse`. */
export function encodeUnlockResponse(message: UnlockResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeUnlockResponse(message, lengths), lengths);
  writeUnlockResponse(writer, message);
  return writer.finish();
}

function createUnlockResponse(): UnlockResponse {
  return {
    header: undefined,
  };
}
