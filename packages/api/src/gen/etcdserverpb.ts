// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.
import {
  bytesSize,
  checkedUint32Size,
  int32Size,
  int64ExactSize,
  int64Size,
  stringSize,
  uint64ExactSize,
  uint64Size,
  Writer,
} from "../writer.ts";
import {
  createEvent,
  mergeEvent,
  sizeEvent,
  writeEvent,
  type Event,
  type EventInit,
  createKeyValue,
  mergeKeyValue,
  sizeKeyValue,
  writeKeyValue,
  type KeyValue,
  type KeyValueInit,
} from "./mvccpb.ts";
import {
  createPermission,
  mergePermission,
  sizePermission,
  writePermission,
  type Permission,
  type PermissionInit,
  createUserAddOptions,
  mergeUserAddOptions,
  sizeUserAddOptions,
  writeUserAddOptions,
  type UserAddOptions,
  type UserAddOptionsInit,
} from "./authpb.ts";
import { emptyBytes, Reader } from "../reader.ts";

const noLengths: number[] = [];

/**
 * What is wrong with a member.
 *
 * Numbers of `etcdserverpb.AlarmType`; fields hold any number, known or not.
 */
export const AlarmType = {
  NONE: 0,
  NOSPACE: 1,
  CORRUPT: 2,
} as const;

/** One of the numbers of {@link AlarmType}. */
export type AlarmType = (typeof AlarmType)[keyof typeof AlarmType];

/**
 * Direction of the order; with NONE the result is in order of keys.
 *
 * Numbers of `etcdserverpb.RangeRequest.SortOrder`; fields hold any number, known or not.
 */
export const RangeRequestSortOrder = {
  NONE: 0,
  ASCEND: 1,
  DESCEND: 2,
} as const;

/** One of the numbers of {@link RangeRequestSortOrder}. */
export type RangeRequestSortOrder =
  (typeof RangeRequestSortOrder)[keyof typeof RangeRequestSortOrder];

/**
 * What a range is ordered by.
 *
 * Numbers of `etcdserverpb.RangeRequest.SortTarget`; fields hold any number, known or not.
 */
export const RangeRequestSortTarget = {
  KEY: 0,
  VERSION: 1,
  CREATE: 2,
  MOD: 3,
  VALUE: 4,
} as const;

/** One of the numbers of {@link RangeRequestSortTarget}. */
export type RangeRequestSortTarget =
  (typeof RangeRequestSortTarget)[keyof typeof RangeRequestSortTarget];

/**
 * The relation that must hold.
 *
 * Numbers of `etcdserverpb.Compare.CompareResult`; fields hold any number, known or not.
 */
export const CompareCompareResult = {
  EQUAL: 0,
  GREATER: 1,
  LESS: 2,
  NOT_EQUAL: 3,
} as const;

/** One of the numbers of {@link CompareCompareResult}. */
export type CompareCompareResult = (typeof CompareCompareResult)[keyof typeof CompareCompareResult];

/**
 * Which property of a key is compared.
 *
 * Numbers of `etcdserverpb.Compare.CompareTarget`; fields hold any number, known or not.
 */
export const CompareCompareTarget = {
  VERSION: 0,
  CREATE: 1,
  MOD: 2,
  VALUE: 3,
  LEASE: 4,
} as const;

/** One of the numbers of {@link CompareCompareTarget}. */
export type CompareCompareTarget = (typeof CompareCompareTarget)[keyof typeof CompareCompareTarget];

/**
 * Events a watcher does not want.
 *
 * Numbers of `etcdserverpb.WatchCreateRequest.FilterType`; fields hold any number, known or not.
 */
export const WatchCreateRequestFilterType = {
  NOPUT: 0,
  NODELETE: 1,
} as const;

/** One of the numbers of {@link WatchCreateRequestFilterType}. */
export type WatchCreateRequestFilterType =
  (typeof WatchCreateRequestFilterType)[keyof typeof WatchCreateRequestFilterType];

/**
 * What to do with alarms.
 *
 * Numbers of `etcdserverpb.AlarmRequest.AlarmAction`; fields hold any number, known or not.
 */
export const AlarmRequestAlarmAction = {
  GET: 0,
  ACTIVATE: 1,
  DEACTIVATE: 2,
} as const;

/** One of the numbers of {@link AlarmRequestAlarmAction}. */
export type AlarmRequestAlarmAction =
  (typeof AlarmRequestAlarmAction)[keyof typeof AlarmRequestAlarmAction];

/**
 * What to do about a downgrade.
 *
 * Numbers of `etcdserverpb.DowngradeRequest.DowngradeAction`; fields hold any number, known or not.
 */
export const DowngradeRequestDowngradeAction = {
  VALIDATE: 0,
  ENABLE: 1,
  CANCEL: 2,
} as const;

/** One of the numbers of {@link DowngradeRequestDowngradeAction}. */
export type DowngradeRequestDowngradeAction =
  (typeof DowngradeRequestDowngradeAction)[keyof typeof DowngradeRequestDowngradeAction];

/**
 * Precedes every answer: who answered and at which revision of the store.
 *
 * `etcdserverpb.ResponseHeader` as decoded: every field is there.
 */
export interface ResponseHeader {
  clusterId: bigint;
  memberId: bigint;
  revision: number;
  raftTerm: number;
}

/** {@link ResponseHeader} to encode: what is absent has its default. */
export interface ResponseHeaderInit {
  readonly clusterId?: bigint | undefined;
  readonly memberId?: bigint | undefined;
  readonly revision?: number | undefined;
  readonly raftTerm?: number | undefined;
}

/** @internal */
export function mergeResponseHeader(reader: Reader, message: ResponseHeader): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.clusterId = reader.uint64Exact();
        break;
      case 16:
        message.memberId = reader.uint64Exact();
        break;
      case 24:
        message.revision = reader.int64();
        break;
      case 32:
        message.raftTerm = reader.uint64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.ResponseHeader`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeResponseHeader(bytes: Uint8Array): ResponseHeader {
  const message = createResponseHeader();
  mergeResponseHeader(new Reader(bytes), message);
  return message;
}

/** @internal */
export function sizeResponseHeader(message: ResponseHeaderInit, _lengths: number[]): number {
  let size = 0;
  const clusterId = message.clusterId;
  if (clusterId !== undefined && clusterId !== 0n) size += 1 + uint64ExactSize(clusterId);
  const memberId = message.memberId;
  if (memberId !== undefined && memberId !== 0n) size += 1 + uint64ExactSize(memberId);
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) size += 1 + int64Size(revision);
  const raftTerm = message.raftTerm;
  if (raftTerm !== undefined && raftTerm !== 0) size += 1 + uint64Size(raftTerm);
  return size;
}

/** @internal */
export function writeResponseHeader(writer: Writer, message: ResponseHeaderInit): void {
  const clusterId = message.clusterId;
  if (clusterId !== undefined && clusterId !== 0n) {
    writer.byte(8);
    writer.varintExact(clusterId);
  }
  const memberId = message.memberId;
  if (memberId !== undefined && memberId !== 0n) {
    writer.byte(16);
    writer.varintExact(memberId);
  }
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) {
    writer.byte(24);
    writer.varint(revision);
  }
  const raftTerm = message.raftTerm;
  if (raftTerm !== undefined && raftTerm !== 0) {
    writer.byte(32);
    writer.varint(raftTerm);
  }
}

/** Encodes `etcdserverpb.ResponseHeader`. */
export function encodeResponseHeader(message: ResponseHeaderInit): Uint8Array {
  const writer = new Writer(sizeResponseHeader(message, noLengths));
  writeResponseHeader(writer, message);
  return writer.finish();
}

/** @internal */
export function createResponseHeader(): ResponseHeader {
  return {
    clusterId: 0n,
    memberId: 0n,
    revision: 0,
    raftTerm: 0,
  };
}

/**
 * Reads the keys of a half-open interval as of one revision.
 *
 * `etcdserverpb.RangeRequest` as decoded: every field is there.
 */
export interface RangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  limit: number;
  revision: number;
  /** See {@link RangeRequestSortOrder}. */
  sortOrder: number;
  /** See {@link RangeRequestSortTarget}. */
  sortTarget: number;
  serializable: boolean;
  keysOnly: boolean;
  countOnly: boolean;
  minModRevision: number;
  maxModRevision: number;
  minCreateRevision: number;
  maxCreateRevision: number;
}

/** {@link RangeRequest} to encode: what is absent has its default. */
export interface RangeRequestInit {
  readonly key?: Uint8Array | undefined;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly limit?: number | undefined;
  readonly revision?: number | undefined;
  /** See {@link RangeRequestSortOrder}. */
  readonly sortOrder?: number | undefined;
  /** See {@link RangeRequestSortTarget}. */
  readonly sortTarget?: number | undefined;
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  readonly minModRevision?: number | undefined;
  readonly maxModRevision?: number | undefined;
  readonly minCreateRevision?: number | undefined;
  readonly maxCreateRevision?: number | undefined;
}

function mergeRangeRequest(reader: Reader, message: RangeRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.key = reader.view();
        break;
      case 18:
        message.rangeEnd = reader.view();
        break;
      case 24:
        message.limit = reader.int64();
        break;
      case 32:
        message.revision = reader.int64();
        break;
      case 40:
        message.sortOrder = reader.int32();
        break;
      case 48:
        message.sortTarget = reader.int32();
        break;
      case 56:
        message.serializable = reader.bool();
        break;
      case 64:
        message.keysOnly = reader.bool();
        break;
      case 72:
        message.countOnly = reader.bool();
        break;
      case 80:
        message.minModRevision = reader.int64();
        break;
      case 88:
        message.maxModRevision = reader.int64();
        break;
      case 96:
        message.minCreateRevision = reader.int64();
        break;
      case 104:
        message.maxCreateRevision = reader.int64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 13);
    }
  }
}

/**
 * Decodes `etcdserverpb.RangeRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeRangeRequest(bytes: Uint8Array): RangeRequest {
  const message = createRangeRequest();
  mergeRangeRequest(new Reader(bytes), message);
  return message;
}

function sizeRangeRequest(message: RangeRequestInit, _lengths: number[]): number {
  let size = 0;
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) size += 1 + bytesSize(rangeEnd.length);
  const limit = message.limit;
  if (limit !== undefined && limit !== 0) size += 1 + int64Size(limit);
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) size += 1 + int64Size(revision);
  const sortOrder = message.sortOrder;
  if (sortOrder !== undefined && sortOrder !== 0) size += 1 + int32Size(sortOrder);
  const sortTarget = message.sortTarget;
  if (sortTarget !== undefined && sortTarget !== 0) size += 1 + int32Size(sortTarget);
  const serializable = message.serializable;
  if (serializable === true) size += 1 + 1;
  const keysOnly = message.keysOnly;
  if (keysOnly === true) size += 1 + 1;
  const countOnly = message.countOnly;
  if (countOnly === true) size += 1 + 1;
  const minModRevision = message.minModRevision;
  if (minModRevision !== undefined && minModRevision !== 0) size += 1 + int64Size(minModRevision);
  const maxModRevision = message.maxModRevision;
  if (maxModRevision !== undefined && maxModRevision !== 0) size += 1 + int64Size(maxModRevision);
  const minCreateRevision = message.minCreateRevision;
  if (minCreateRevision !== undefined && minCreateRevision !== 0)
    size += 1 + int64Size(minCreateRevision);
  const maxCreateRevision = message.maxCreateRevision;
  if (maxCreateRevision !== undefined && maxCreateRevision !== 0)
    size += 1 + int64Size(maxCreateRevision);
  return size;
}

function writeRangeRequest(writer: Writer, message: RangeRequestInit): void {
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(10);
    writer.view(key);
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) {
    writer.byte(18);
    writer.view(rangeEnd);
  }
  const limit = message.limit;
  if (limit !== undefined && limit !== 0) {
    writer.byte(24);
    writer.varint(limit);
  }
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) {
    writer.byte(32);
    writer.varint(revision);
  }
  const sortOrder = message.sortOrder;
  if (sortOrder !== undefined && sortOrder !== 0) {
    writer.byte(40);
    writer.varint(sortOrder);
  }
  const sortTarget = message.sortTarget;
  if (sortTarget !== undefined && sortTarget !== 0) {
    writer.byte(48);
    writer.varint(sortTarget);
  }
  const serializable = message.serializable;
  if (serializable === true) {
    writer.byte(56);
    writer.byte(serializable ? 1 : 0);
  }
  const keysOnly = message.keysOnly;
  if (keysOnly === true) {
    writer.byte(64);
    writer.byte(keysOnly ? 1 : 0);
  }
  const countOnly = message.countOnly;
  if (countOnly === true) {
    writer.byte(72);
    writer.byte(countOnly ? 1 : 0);
  }
  const minModRevision = message.minModRevision;
  if (minModRevision !== undefined && minModRevision !== 0) {
    writer.byte(80);
    writer.varint(minModRevision);
  }
  const maxModRevision = message.maxModRevision;
  if (maxModRevision !== undefined && maxModRevision !== 0) {
    writer.byte(88);
    writer.varint(maxModRevision);
  }
  const minCreateRevision = message.minCreateRevision;
  if (minCreateRevision !== undefined && minCreateRevision !== 0) {
    writer.byte(96);
    writer.varint(minCreateRevision);
  }
  const maxCreateRevision = message.maxCreateRevision;
  if (maxCreateRevision !== undefined && maxCreateRevision !== 0) {
    writer.byte(104);
    writer.varint(maxCreateRevision);
  }
}

/** Encodes `etcdserverpb.RangeRequest`. */
export function encodeRangeRequest(message: RangeRequestInit): Uint8Array {
  const writer = new Writer(sizeRangeRequest(message, noLengths));
  writeRangeRequest(writer, message);
  return writer.finish();
}

function createRangeRequest(): RangeRequest {
  return {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    limit: 0,
    revision: 0,
    sortOrder: 0,
    sortTarget: 0,
    serializable: false,
    keysOnly: false,
    countOnly: false,
    minModRevision: 0,
    maxModRevision: 0,
    minCreateRevision: 0,
    maxCreateRevision: 0,
  };
}

/**
 * The pairs found; count ignores the limit of the request.
 *
 * `etcdserverpb.RangeResponse` as decoded: every field is there.
 */
export interface RangeResponse {
  header: ResponseHeader | undefined;
  kvs: KeyValue[];
  more: boolean;
  count: number;
}

/** {@link RangeResponse} to encode: what is absent has its default. */
export interface RangeResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly kvs?: readonly KeyValueInit[] | undefined;
  readonly more?: boolean | undefined;
  readonly count?: number | undefined;
}

function mergeRangeResponse(reader: Reader, message: RangeResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createKeyValue();
        message.kvs.push(nested);
        mergeKeyValue(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 24:
        message.more = reader.bool();
        break;
      case 32:
        message.count = reader.int64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.RangeResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeRangeResponse(bytes: Uint8Array): RangeResponse {
  const message = createRangeResponse();
  mergeRangeResponse(new Reader(bytes), message);
  return message;
}

function sizeRangeResponse(message: RangeResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const kvs = message.kvs;
  if (kvs !== undefined) {
    for (const item of kvs) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeKeyValue(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  const more = message.more;
  if (more === true) size += 1 + 1;
  const count = message.count;
  if (count !== undefined && count !== 0) size += 1 + int64Size(count);
  return size;
}

function writeRangeResponse(writer: Writer, message: RangeResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const kvs = message.kvs;
  if (kvs !== undefined) {
    for (const item of kvs) {
      writer.byte(18);
      writer.nestedLength();
      writeKeyValue(writer, item);
    }
  }
  const more = message.more;
  if (more === true) {
    writer.byte(24);
    writer.byte(more ? 1 : 0);
  }
  const count = message.count;
  if (count !== undefined && count !== 0) {
    writer.byte(32);
    writer.varint(count);
  }
}

/** Encodes `etcdserverpb.RangeResponse`. */
export function encodeRangeResponse(message: RangeResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeRangeResponse(message, lengths), lengths);
  writeRangeResponse(writer, message);
  return writer.finish();
}

function createRangeResponse(): RangeResponse {
  return {
    header: undefined,
    kvs: [],
    more: false,
    count: 0,
  };
}

/**
 * Writes one key; lease 0 attaches none.
 *
 * `etcdserverpb.PutRequest` as decoded: every field is there.
 */
export interface PutRequest {
  key: Uint8Array;
  value: Uint8Array;
  lease: bigint;
  prevKv: boolean;
  ignoreValue: boolean;
  ignoreLease: boolean;
}

/** {@link PutRequest} to encode: what is absent has its default. */
export interface PutRequestInit {
  readonly key?: Uint8Array | undefined;
  readonly value?: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
  readonly prevKv?: boolean | undefined;
  readonly ignoreValue?: boolean | undefined;
  readonly ignoreLease?: boolean | undefined;
}

function mergePutRequest(reader: Reader, message: PutRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.key = reader.view();
        break;
      case 18:
        message.value = reader.view();
        break;
      case 24:
        message.lease = reader.int64Exact();
        break;
      case 32:
        message.prevKv = reader.bool();
        break;
      case 40:
        message.ignoreValue = reader.bool();
        break;
      case 48:
        message.ignoreLease = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 6);
    }
  }
}

/**
 * Decodes `etcdserverpb.PutRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodePutRequest(bytes: Uint8Array): PutRequest {
  const message = createPutRequest();
  mergePutRequest(new Reader(bytes), message);
  return message;
}

function sizePutRequest(message: PutRequestInit, _lengths: number[]): number {
  let size = 0;
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const value = message.value;
  if (value !== undefined && value.length > 0) size += 1 + bytesSize(value.length);
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) size += 1 + int64ExactSize(lease);
  const prevKv = message.prevKv;
  if (prevKv === true) size += 1 + 1;
  const ignoreValue = message.ignoreValue;
  if (ignoreValue === true) size += 1 + 1;
  const ignoreLease = message.ignoreLease;
  if (ignoreLease === true) size += 1 + 1;
  return size;
}

function writePutRequest(writer: Writer, message: PutRequestInit): void {
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(10);
    writer.view(key);
  }
  const value = message.value;
  if (value !== undefined && value.length > 0) {
    writer.byte(18);
    writer.view(value);
  }
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) {
    writer.byte(24);
    writer.varintExact(lease);
  }
  const prevKv = message.prevKv;
  if (prevKv === true) {
    writer.byte(32);
    writer.byte(prevKv ? 1 : 0);
  }
  const ignoreValue = message.ignoreValue;
  if (ignoreValue === true) {
    writer.byte(40);
    writer.byte(ignoreValue ? 1 : 0);
  }
  const ignoreLease = message.ignoreLease;
  if (ignoreLease === true) {
    writer.byte(48);
    writer.byte(ignoreLease ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.PutRequest`. */
export function encodePutRequest(message: PutRequestInit): Uint8Array {
  const writer = new Writer(sizePutRequest(message, noLengths));
  writePutRequest(writer, message);
  return writer.finish();
}

function createPutRequest(): PutRequest {
  return {
    key: emptyBytes,
    value: emptyBytes,
    lease: 0n,
    prevKv: false,
    ignoreValue: false,
    ignoreLease: false,
  };
}

/**
 * Answer to a put; prev_kv only when it was asked for and the key existed.
 *
 * `etcdserverpb.PutResponse` as decoded: every field is there.
 */
export interface PutResponse {
  header: ResponseHeader | undefined;
  prevKv: KeyValue | undefined;
}

/** {@link PutResponse} to encode: what is absent has its default. */
export interface PutResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly prevKv?: KeyValueInit | undefined;
}

function mergePutResponse(reader: Reader, message: PutResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = (message.prevKv ??= createKeyValue());
        mergeKeyValue(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.PutResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodePutResponse(bytes: Uint8Array): PutResponse {
  const message = createPutResponse();
  mergePutResponse(new Reader(bytes), message);
  return message;
}

function sizePutResponse(message: PutResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const prevKv = message.prevKv;
  if (prevKv !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeKeyValue(prevKv, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writePutResponse(writer: Writer, message: PutResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const prevKv = message.prevKv;
  if (prevKv !== undefined) {
    writer.byte(18);
    writer.nestedLength();
    writeKeyValue(writer, prevKv);
  }
}

/** Encodes `etcdserverpb.PutResponse`. */
export function encodePutResponse(message: PutResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizePutResponse(message, lengths), lengths);
  writePutResponse(writer, message);
  return writer.finish();
}

function createPutResponse(): PutResponse {
  return {
    header: undefined,
    prevKv: undefined,
  };
}

/**
 * Deletes the keys of a half-open interval.
 *
 * `etcdserverpb.DeleteRangeRequest` as decoded: every field is there.
 */
export interface DeleteRangeRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  prevKv: boolean;
}

/** {@link DeleteRangeRequest} to encode: what is absent has its default. */
export interface DeleteRangeRequestInit {
  readonly key?: Uint8Array | undefined;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly prevKv?: boolean | undefined;
}

function mergeDeleteRangeRequest(reader: Reader, message: DeleteRangeRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.key = reader.view();
        break;
      case 18:
        message.rangeEnd = reader.view();
        break;
      case 24:
        message.prevKv = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.DeleteRangeRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDeleteRangeRequest(bytes: Uint8Array): DeleteRangeRequest {
  const message = createDeleteRangeRequest();
  mergeDeleteRangeRequest(new Reader(bytes), message);
  return message;
}

function sizeDeleteRangeRequest(message: DeleteRangeRequestInit, _lengths: number[]): number {
  let size = 0;
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) size += 1 + bytesSize(rangeEnd.length);
  const prevKv = message.prevKv;
  if (prevKv === true) size += 1 + 1;
  return size;
}

function writeDeleteRangeRequest(writer: Writer, message: DeleteRangeRequestInit): void {
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(10);
    writer.view(key);
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) {
    writer.byte(18);
    writer.view(rangeEnd);
  }
  const prevKv = message.prevKv;
  if (prevKv === true) {
    writer.byte(24);
    writer.byte(prevKv ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.DeleteRangeRequest`. */
export function encodeDeleteRangeRequest(message: DeleteRangeRequestInit): Uint8Array {
  const writer = new Writer(sizeDeleteRangeRequest(message, noLengths));
  writeDeleteRangeRequest(writer, message);
  return writer.finish();
}

function createDeleteRangeRequest(): DeleteRangeRequest {
  return {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    prevKv: false,
  };
}

/**
 * How many keys were deleted; the old pairs only when they were asked for.
 *
 * `etcdserverpb.DeleteRangeResponse` as decoded: every field is there.
 */
export interface DeleteRangeResponse {
  header: ResponseHeader | undefined;
  deleted: number;
  prevKvs: KeyValue[];
}

/** {@link DeleteRangeResponse} to encode: what is absent has its default. */
export interface DeleteRangeResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly deleted?: number | undefined;
  readonly prevKvs?: readonly KeyValueInit[] | undefined;
}

function mergeDeleteRangeResponse(reader: Reader, message: DeleteRangeResponse): void {
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
      case 16:
        message.deleted = reader.int64();
        break;
      case 26: {
        const outerEnd = reader.enter();
        const nested = createKeyValue();
        message.prevKvs.push(nested);
        mergeKeyValue(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.DeleteRangeResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDeleteRangeResponse(bytes: Uint8Array): DeleteRangeResponse {
  const message = createDeleteRangeResponse();
  mergeDeleteRangeResponse(new Reader(bytes), message);
  return message;
}

function sizeDeleteRangeResponse(message: DeleteRangeResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const deleted = message.deleted;
  if (deleted !== undefined && deleted !== 0) size += 1 + int64Size(deleted);
  const prevKvs = message.prevKvs;
  if (prevKvs !== undefined) {
    for (const item of prevKvs) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeKeyValue(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeDeleteRangeResponse(writer: Writer, message: DeleteRangeResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const deleted = message.deleted;
  if (deleted !== undefined && deleted !== 0) {
    writer.byte(16);
    writer.varint(deleted);
  }
  const prevKvs = message.prevKvs;
  if (prevKvs !== undefined) {
    for (const item of prevKvs) {
      writer.byte(26);
      writer.nestedLength();
      writeKeyValue(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.DeleteRangeResponse`. */
export function encodeDeleteRangeResponse(message: DeleteRangeResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeDeleteRangeResponse(message, lengths), lengths);
  writeDeleteRangeResponse(writer, message);
  return writer.finish();
}

function createDeleteRangeResponse(): DeleteRangeResponse {
  return {
    header: undefined,
    deleted: 0,
    prevKvs: [],
  };
}

/**
 * One operation inside a branch of a transaction.
 *
 * `etcdserverpb.RequestOp` as decoded: every field is there.
 */
export interface RequestOp {
  request: RequestOpRequest | undefined;
}

/** {@link RequestOp} to encode: what is absent has its default. */
export interface RequestOpInit {
  readonly request?: RequestOpRequestInit | undefined;
}

/** The oneof `request` of {@link RequestOp}: at most one of its fields. */
export type RequestOpRequest =
  | { readonly case: "requestRange"; readonly value: RangeRequest }
  | { readonly case: "requestPut"; readonly value: PutRequest }
  | { readonly case: "requestDeleteRange"; readonly value: DeleteRangeRequest }
  | { readonly case: "requestTxn"; readonly value: TxnRequest };

/** The oneof `request` of {@link RequestOpInit}: at most one of its fields. */
export type RequestOpRequestInit =
  | { readonly case: "requestRange"; readonly value: RangeRequestInit }
  | { readonly case: "requestPut"; readonly value: PutRequestInit }
  | { readonly case: "requestDeleteRange"; readonly value: DeleteRangeRequestInit }
  | { readonly case: "requestTxn"; readonly value: TxnRequestInit };

function mergeRequestOp(reader: Reader, message: RequestOp): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const previous = message.request;
        const value = previous?.case === "requestRange" ? previous.value : createRangeRequest();
        mergeRangeRequest(reader, value);
        message.request = { case: "requestRange", value };
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const previous = message.request;
        const value = previous?.case === "requestPut" ? previous.value : createPutRequest();
        mergePutRequest(reader, value);
        message.request = { case: "requestPut", value };
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const previous = message.request;
        const value =
          previous?.case === "requestDeleteRange" ? previous.value : createDeleteRangeRequest();
        mergeDeleteRangeRequest(reader, value);
        message.request = { case: "requestDeleteRange", value };
        reader.leave(outerEnd);
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        const previous = message.request;
        const value = previous?.case === "requestTxn" ? previous.value : createTxnRequest();
        mergeTxnRequest(reader, value);
        message.request = { case: "requestTxn", value };
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.RequestOp`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeRequestOp(bytes: Uint8Array): RequestOp {
  const message = createRequestOp();
  mergeRequestOp(new Reader(bytes), message);
  return message;
}

function sizeRequestOp(message: RequestOpInit, lengths: number[]): number {
  let size = 0;
  const request = message.request;
  if (request !== undefined) {
    switch (request.case) {
      case "requestRange":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeRangeRequest(request.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "requestPut":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizePutRequest(request.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "requestDeleteRange":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeDeleteRangeRequest(request.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "requestTxn":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeTxnRequest(request.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
    }
  }
  return size;
}

function writeRequestOp(writer: Writer, message: RequestOpInit): void {
  const request = message.request;
  if (request !== undefined) {
    switch (request.case) {
      case "requestRange":
        writer.byte(10);
        writer.nestedLength();
        writeRangeRequest(writer, request.value);
        break;
      case "requestPut":
        writer.byte(18);
        writer.nestedLength();
        writePutRequest(writer, request.value);
        break;
      case "requestDeleteRange":
        writer.byte(26);
        writer.nestedLength();
        writeDeleteRangeRequest(writer, request.value);
        break;
      case "requestTxn":
        writer.byte(34);
        writer.nestedLength();
        writeTxnRequest(writer, request.value);
        break;
    }
  }
}

/** Encodes `etcdserverpb.RequestOp`. */
export function encodeRequestOp(message: RequestOpInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeRequestOp(message, lengths), lengths);
  writeRequestOp(writer, message);
  return writer.finish();
}

function createRequestOp(): RequestOp {
  return {
    request: undefined,
  };
}

/**
 * The answer to one operation of the branch that was taken.
 *
 * `etcdserverpb.ResponseOp` as decoded: every field is there.
 */
export interface ResponseOp {
  response: ResponseOpResponse | undefined;
}

/** {@link ResponseOp} to encode: what is absent has its default. */
export interface ResponseOpInit {
  readonly response?: ResponseOpResponseInit | undefined;
}

/** The oneof `response` of {@link ResponseOp}: at most one of its fields. */
export type ResponseOpResponse =
  | { readonly case: "responseRange"; readonly value: RangeResponse }
  | { readonly case: "responsePut"; readonly value: PutResponse }
  | { readonly case: "responseDeleteRange"; readonly value: DeleteRangeResponse }
  | { readonly case: "responseTxn"; readonly value: TxnResponse };

/** The oneof `response` of {@link ResponseOpInit}: at most one of its fields. */
export type ResponseOpResponseInit =
  | { readonly case: "responseRange"; readonly value: RangeResponseInit }
  | { readonly case: "responsePut"; readonly value: PutResponseInit }
  | { readonly case: "responseDeleteRange"; readonly value: DeleteRangeResponseInit }
  | { readonly case: "responseTxn"; readonly value: TxnResponseInit };

function mergeResponseOp(reader: Reader, message: ResponseOp): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const previous = message.response;
        const value = previous?.case === "responseRange" ? previous.value : createRangeResponse();
        mergeRangeResponse(reader, value);
        message.response = { case: "responseRange", value };
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const previous = message.response;
        const value = previous?.case === "responsePut" ? previous.value : createPutResponse();
        mergePutResponse(reader, value);
        message.response = { case: "responsePut", value };
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const previous = message.response;
        const value =
          previous?.case === "responseDeleteRange" ? previous.value : createDeleteRangeResponse();
        mergeDeleteRangeResponse(reader, value);
        message.response = { case: "responseDeleteRange", value };
        reader.leave(outerEnd);
        break;
      }
      case 34: {
        const outerEnd = reader.enter();
        const previous = message.response;
        const value = previous?.case === "responseTxn" ? previous.value : createTxnResponse();
        mergeTxnResponse(reader, value);
        message.response = { case: "responseTxn", value };
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.ResponseOp`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeResponseOp(bytes: Uint8Array): ResponseOp {
  const message = createResponseOp();
  mergeResponseOp(new Reader(bytes), message);
  return message;
}

function sizeResponseOp(message: ResponseOpInit, lengths: number[]): number {
  let size = 0;
  const response = message.response;
  if (response !== undefined) {
    switch (response.case) {
      case "responseRange":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeRangeResponse(response.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "responsePut":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizePutResponse(response.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "responseDeleteRange":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeDeleteRangeResponse(response.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "responseTxn":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeTxnResponse(response.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
    }
  }
  return size;
}

function writeResponseOp(writer: Writer, message: ResponseOpInit): void {
  const response = message.response;
  if (response !== undefined) {
    switch (response.case) {
      case "responseRange":
        writer.byte(10);
        writer.nestedLength();
        writeRangeResponse(writer, response.value);
        break;
      case "responsePut":
        writer.byte(18);
        writer.nestedLength();
        writePutResponse(writer, response.value);
        break;
      case "responseDeleteRange":
        writer.byte(26);
        writer.nestedLength();
        writeDeleteRangeResponse(writer, response.value);
        break;
      case "responseTxn":
        writer.byte(34);
        writer.nestedLength();
        writeTxnResponse(writer, response.value);
        break;
    }
  }
}

/** Encodes `etcdserverpb.ResponseOp`. */
export function encodeResponseOp(message: ResponseOpInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeResponseOp(message, lengths), lengths);
  writeResponseOp(writer, message);
  return writer.finish();
}

function createResponseOp(): ResponseOp {
  return {
    response: undefined,
  };
}

/**
 * A predicate over every key of an interval; it holds when it holds for each of them.
 *
 * `etcdserverpb.Compare` as decoded: every field is there.
 */
export interface Compare {
  /** See {@link CompareCompareResult}. */
  result: number;
  /** See {@link CompareCompareTarget}. */
  target: number;
  key: Uint8Array;
  targetUnion: CompareTargetUnion | undefined;
  rangeEnd: Uint8Array;
}

/** {@link Compare} to encode: what is absent has its default. */
export interface CompareInit {
  /** See {@link CompareCompareResult}. */
  readonly result?: number | undefined;
  /** See {@link CompareCompareTarget}. */
  readonly target?: number | undefined;
  readonly key?: Uint8Array | undefined;
  readonly targetUnion?: CompareTargetUnionInit | undefined;
  readonly rangeEnd?: Uint8Array | undefined;
}

/** The oneof `target_union` of {@link Compare}: at most one of its fields. */
export type CompareTargetUnion =
  | { readonly case: "version"; readonly value: number }
  | { readonly case: "createRevision"; readonly value: number }
  | { readonly case: "modRevision"; readonly value: number }
  | { readonly case: "value"; readonly value: Uint8Array }
  | { readonly case: "lease"; readonly value: bigint };

/** The oneof `target_union` of {@link CompareInit}: at most one of its fields. */
export type CompareTargetUnionInit =
  | { readonly case: "version"; readonly value: number }
  | { readonly case: "createRevision"; readonly value: number }
  | { readonly case: "modRevision"; readonly value: number }
  | { readonly case: "value"; readonly value: Uint8Array }
  | { readonly case: "lease"; readonly value: bigint };

function mergeCompare(reader: Reader, message: Compare): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.result = reader.int32();
        break;
      case 16:
        message.target = reader.int32();
        break;
      case 26:
        message.key = reader.view();
        break;
      case 32:
        message.targetUnion = { case: "version", value: reader.int64() };
        break;
      case 40:
        message.targetUnion = { case: "createRevision", value: reader.int64() };
        break;
      case 48:
        message.targetUnion = { case: "modRevision", value: reader.int64() };
        break;
      case 58:
        message.targetUnion = { case: "value", value: reader.view() };
        break;
      case 64:
        message.targetUnion = { case: "lease", value: reader.int64Exact() };
        break;
      case 514:
        message.rangeEnd = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 8 || tag >>> 3 === 64);
    }
  }
}

/**
 * Decodes `etcdserverpb.Compare`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeCompare(bytes: Uint8Array): Compare {
  const message = createCompare();
  mergeCompare(new Reader(bytes), message);
  return message;
}

function sizeCompare(message: CompareInit, _lengths: number[]): number {
  let size = 0;
  const result = message.result;
  if (result !== undefined && result !== 0) size += 1 + int32Size(result);
  const target = message.target;
  if (target !== undefined && target !== 0) size += 1 + int32Size(target);
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const targetUnion = message.targetUnion;
  if (targetUnion !== undefined) {
    switch (targetUnion.case) {
      case "version":
        size += 1 + int64Size(targetUnion.value);
        break;
      case "createRevision":
        size += 1 + int64Size(targetUnion.value);
        break;
      case "modRevision":
        size += 1 + int64Size(targetUnion.value);
        break;
      case "value":
        size += 1 + bytesSize(targetUnion.value.length);
        break;
      case "lease":
        size += 1 + int64ExactSize(targetUnion.value);
        break;
    }
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) size += 2 + bytesSize(rangeEnd.length);
  return size;
}

function writeCompare(writer: Writer, message: CompareInit): void {
  const result = message.result;
  if (result !== undefined && result !== 0) {
    writer.byte(8);
    writer.varint(result);
  }
  const target = message.target;
  if (target !== undefined && target !== 0) {
    writer.byte(16);
    writer.varint(target);
  }
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(26);
    writer.view(key);
  }
  const targetUnion = message.targetUnion;
  if (targetUnion !== undefined) {
    switch (targetUnion.case) {
      case "version":
        writer.byte(32);
        writer.varint(targetUnion.value);
        break;
      case "createRevision":
        writer.byte(40);
        writer.varint(targetUnion.value);
        break;
      case "modRevision":
        writer.byte(48);
        writer.varint(targetUnion.value);
        break;
      case "value":
        writer.byte(58);
        writer.view(targetUnion.value);
        break;
      case "lease":
        writer.byte(64);
        writer.varintExact(targetUnion.value);
        break;
    }
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) {
    writer.uint32(514);
    writer.view(rangeEnd);
  }
}

/** Encodes `etcdserverpb.Compare`. */
export function encodeCompare(message: CompareInit): Uint8Array {
  const writer = new Writer(sizeCompare(message, noLengths));
  writeCompare(writer, message);
  return writer.finish();
}

function createCompare(): Compare {
  return {
    result: 0,
    target: 0,
    key: emptyBytes,
    targetUnion: undefined,
    rangeEnd: emptyBytes,
  };
}

/**
 * Runs success when every comparison holds, failure otherwise, at one revision.
 *
 * `etcdserverpb.TxnRequest` as decoded: every field is there.
 */
export interface TxnRequest {
  compare: Compare[];
  success: RequestOp[];
  failure: RequestOp[];
}

/** {@link TxnRequest} to encode: what is absent has its default. */
export interface TxnRequestInit {
  readonly compare?: readonly CompareInit[] | undefined;
  readonly success?: readonly RequestOpInit[] | undefined;
  readonly failure?: readonly RequestOpInit[] | undefined;
}

function mergeTxnRequest(reader: Reader, message: TxnRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = createCompare();
        message.compare.push(nested);
        mergeCompare(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const nested = createRequestOp();
        message.success.push(nested);
        mergeRequestOp(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = createRequestOp();
        message.failure.push(nested);
        mergeRequestOp(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.TxnRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeTxnRequest(bytes: Uint8Array): TxnRequest {
  const message = createTxnRequest();
  mergeTxnRequest(new Reader(bytes), message);
  return message;
}

function sizeTxnRequest(message: TxnRequestInit, lengths: number[]): number {
  let size = 0;
  const compare = message.compare;
  if (compare !== undefined) {
    for (const item of compare) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeCompare(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  const success = message.success;
  if (success !== undefined) {
    for (const item of success) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeRequestOp(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  const failure = message.failure;
  if (failure !== undefined) {
    for (const item of failure) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeRequestOp(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeTxnRequest(writer: Writer, message: TxnRequestInit): void {
  const compare = message.compare;
  if (compare !== undefined) {
    for (const item of compare) {
      writer.byte(10);
      writer.nestedLength();
      writeCompare(writer, item);
    }
  }
  const success = message.success;
  if (success !== undefined) {
    for (const item of success) {
      writer.byte(18);
      writer.nestedLength();
      writeRequestOp(writer, item);
    }
  }
  const failure = message.failure;
  if (failure !== undefined) {
    for (const item of failure) {
      writer.byte(26);
      writer.nestedLength();
      writeRequestOp(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.TxnRequest`. */
export function encodeTxnRequest(message: TxnRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeTxnRequest(message, lengths), lengths);
  writeTxnRequest(writer, message);
  return writer.finish();
}

function createTxnRequest(): TxnRequest {
  return {
    compare: [],
    success: [],
    failure: [],
  };
}

/**
 * Which branch was taken and what its operations answered, in order.
 *
 * `etcdserverpb.TxnResponse` as decoded: every field is there.
 */
export interface TxnResponse {
  header: ResponseHeader | undefined;
  succeeded: boolean;
  responses: ResponseOp[];
}

/** {@link TxnResponse} to encode: what is absent has its default. */
export interface TxnResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly succeeded?: boolean | undefined;
  readonly responses?: readonly ResponseOpInit[] | undefined;
}

function mergeTxnResponse(reader: Reader, message: TxnResponse): void {
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
      case 16:
        message.succeeded = reader.bool();
        break;
      case 26: {
        const outerEnd = reader.enter();
        const nested = createResponseOp();
        message.responses.push(nested);
        mergeResponseOp(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.TxnResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeTxnResponse(bytes: Uint8Array): TxnResponse {
  const message = createTxnResponse();
  mergeTxnResponse(new Reader(bytes), message);
  return message;
}

function sizeTxnResponse(message: TxnResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const succeeded = message.succeeded;
  if (succeeded === true) size += 1 + 1;
  const responses = message.responses;
  if (responses !== undefined) {
    for (const item of responses) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeResponseOp(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeTxnResponse(writer: Writer, message: TxnResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const succeeded = message.succeeded;
  if (succeeded === true) {
    writer.byte(16);
    writer.byte(succeeded ? 1 : 0);
  }
  const responses = message.responses;
  if (responses !== undefined) {
    for (const item of responses) {
      writer.byte(26);
      writer.nestedLength();
      writeResponseOp(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.TxnResponse`. */
export function encodeTxnResponse(message: TxnResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeTxnResponse(message, lengths), lengths);
  writeTxnResponse(writer, message);
  return writer.finish();
}

function createTxnResponse(): TxnResponse {
  return {
    header: undefined,
    succeeded: false,
    responses: [],
  };
}

/**
 * Drops history up to a revision; physical waits until the space is free.
 *
 * `etcdserverpb.CompactionRequest` as decoded: every field is there.
 */
export interface CompactionRequest {
  revision: number;
  physical: boolean;
}

/** {@link CompactionRequest} to encode: what is absent has its default. */
export interface CompactionRequestInit {
  readonly revision?: number | undefined;
  readonly physical?: boolean | undefined;
}

function mergeCompactionRequest(reader: Reader, message: CompactionRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.revision = reader.int64();
        break;
      case 16:
        message.physical = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.CompactionRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeCompactionRequest(bytes: Uint8Array): CompactionRequest {
  const message = createCompactionRequest();
  mergeCompactionRequest(new Reader(bytes), message);
  return message;
}

function sizeCompactionRequest(message: CompactionRequestInit, _lengths: number[]): number {
  let size = 0;
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) size += 1 + int64Size(revision);
  const physical = message.physical;
  if (physical === true) size += 1 + 1;
  return size;
}

function writeCompactionRequest(writer: Writer, message: CompactionRequestInit): void {
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) {
    writer.byte(8);
    writer.varint(revision);
  }
  const physical = message.physical;
  if (physical === true) {
    writer.byte(16);
    writer.byte(physical ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.CompactionRequest`. */
export function encodeCompactionRequest(message: CompactionRequestInit): Uint8Array {
  const writer = new Writer(sizeCompactionRequest(message, noLengths));
  writeCompactionRequest(writer, message);
  return writer.finish();
}

function createCompactionRequest(): CompactionRequest {
  return {
    revision: 0,
    physical: false,
  };
}

/**
 * Answer to a compaction.
 *
 * `etcdserverpb.CompactionResponse` as decoded: every field is there.
 */
export interface CompactionResponse {
  header: ResponseHeader | undefined;
}

/** {@link CompactionResponse} to encode: what is absent has its default. */
export interface CompactionResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeCompactionResponse(reader: Reader, message: CompactionResponse): void {
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
 * Decodes `etcdserverpb.CompactionResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeCompactionResponse(bytes: Uint8Array): CompactionResponse {
  const message = createCompactionResponse();
  mergeCompactionResponse(new Reader(bytes), message);
  return message;
}

function sizeCompactionResponse(message: CompactionResponseInit, lengths: number[]): number {
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

function writeCompactionResponse(writer: Writer, message: CompactionResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.CompactionResponse`. */
export function encodeCompactionResponse(message: CompactionResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeCompactionResponse(message, lengths), lengths);
  writeCompactionResponse(writer, message);
  return writer.finish();
}

function createCompactionResponse(): CompactionResponse {
  return {
    header: undefined,
  };
}

/**
 * Asks for a checksum of the whole backend.
 *
 * `etcdserverpb.HashRequest` as decoded: every field is there.
 */
export interface HashRequest {}

/** {@link HashRequest} to encode: what is absent has its default. */
export interface HashRequestInit {}

function mergeHashRequest(reader: Reader, _message: HashRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.HashRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHashRequest(bytes: Uint8Array): HashRequest {
  const message = createHashRequest();
  mergeHashRequest(new Reader(bytes), message);
  return message;
}

function sizeHashRequest(_message: HashRequestInit, _lengths: number[]): number {
  return 0;
}

function writeHashRequest(_writer: Writer, _message: HashRequestInit): void {}

/** Encodes `etcdserverpb.HashRequest`. */
export function encodeHashRequest(message: HashRequestInit): Uint8Array {
  const writer = new Writer(sizeHashRequest(message, noLengths));
  writeHashRequest(writer, message);
  return writer.finish();
}

function createHashRequest(): HashRequest {
  return {};
}

/**
 * Asks for a checksum of the history up to a revision; 0 means the current one.
 *
 * `etcdserverpb.HashKVRequest` as decoded: every field is there.
 */
export interface HashKVRequest {
  revision: number;
}

/** {@link HashKVRequest} to encode: what is absent has its default. */
export interface HashKVRequestInit {
  readonly revision?: number | undefined;
}

function mergeHashKVRequest(reader: Reader, message: HashKVRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.revision = reader.int64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.HashKVRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHashKVRequest(bytes: Uint8Array): HashKVRequest {
  const message = createHashKVRequest();
  mergeHashKVRequest(new Reader(bytes), message);
  return message;
}

function sizeHashKVRequest(message: HashKVRequestInit, _lengths: number[]): number {
  let size = 0;
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) size += 1 + int64Size(revision);
  return size;
}

function writeHashKVRequest(writer: Writer, message: HashKVRequestInit): void {
  const revision = message.revision;
  if (revision !== undefined && revision !== 0) {
    writer.byte(8);
    writer.varint(revision);
  }
}

/** Encodes `etcdserverpb.HashKVRequest`. */
export function encodeHashKVRequest(message: HashKVRequestInit): Uint8Array {
  const writer = new Writer(sizeHashKVRequest(message, noLengths));
  writeHashKVRequest(writer, message);
  return writer.finish();
}

function createHashKVRequest(): HashKVRequest {
  return {
    revision: 0,
  };
}

/**
 * A checksum that is equal on all members for equal revisions.
 *
 * `etcdserverpb.HashKVResponse` as decoded: every field is there.
 */
export interface HashKVResponse {
  header: ResponseHeader | undefined;
  hash: number;
  compactRevision: number;
  hashRevision: number;
}

/** {@link HashKVResponse} to encode: what is absent has its default. */
export interface HashKVResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly hash?: number | undefined;
  readonly compactRevision?: number | undefined;
  readonly hashRevision?: number | undefined;
}

function mergeHashKVResponse(reader: Reader, message: HashKVResponse): void {
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
      case 16:
        message.hash = reader.uint32();
        break;
      case 24:
        message.compactRevision = reader.int64();
        break;
      case 32:
        message.hashRevision = reader.int64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.HashKVResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHashKVResponse(bytes: Uint8Array): HashKVResponse {
  const message = createHashKVResponse();
  mergeHashKVResponse(new Reader(bytes), message);
  return message;
}

function sizeHashKVResponse(message: HashKVResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const hash = message.hash;
  if (hash !== undefined && hash !== 0) size += 1 + checkedUint32Size(hash);
  const compactRevision = message.compactRevision;
  if (compactRevision !== undefined && compactRevision !== 0)
    size += 1 + int64Size(compactRevision);
  const hashRevision = message.hashRevision;
  if (hashRevision !== undefined && hashRevision !== 0) size += 1 + int64Size(hashRevision);
  return size;
}

function writeHashKVResponse(writer: Writer, message: HashKVResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const hash = message.hash;
  if (hash !== undefined && hash !== 0) {
    writer.byte(16);
    writer.varint(hash);
  }
  const compactRevision = message.compactRevision;
  if (compactRevision !== undefined && compactRevision !== 0) {
    writer.byte(24);
    writer.varint(compactRevision);
  }
  const hashRevision = message.hashRevision;
  if (hashRevision !== undefined && hashRevision !== 0) {
    writer.byte(32);
    writer.varint(hashRevision);
  }
}

/** Encodes `etcdserverpb.HashKVResponse`. */
export function encodeHashKVResponse(message: HashKVResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeHashKVResponse(message, lengths), lengths);
  writeHashKVResponse(writer, message);
  return writer.finish();
}

function createHashKVResponse(): HashKVResponse {
  return {
    header: undefined,
    hash: 0,
    compactRevision: 0,
    hashRevision: 0,
  };
}

/**
 * A checksum of the whole backend of the member that answers.
 *
 * `etcdserverpb.HashResponse` as decoded: every field is there.
 */
export interface HashResponse {
  header: ResponseHeader | undefined;
  hash: number;
}

/** {@link HashResponse} to encode: what is absent has its default. */
export interface HashResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly hash?: number | undefined;
}

function mergeHashResponse(reader: Reader, message: HashResponse): void {
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
      case 16:
        message.hash = reader.uint32();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.HashResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHashResponse(bytes: Uint8Array): HashResponse {
  const message = createHashResponse();
  mergeHashResponse(new Reader(bytes), message);
  return message;
}

function sizeHashResponse(message: HashResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const hash = message.hash;
  if (hash !== undefined && hash !== 0) size += 1 + checkedUint32Size(hash);
  return size;
}

function writeHashResponse(writer: Writer, message: HashResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const hash = message.hash;
  if (hash !== undefined && hash !== 0) {
    writer.byte(16);
    writer.varint(hash);
  }
}

/** Encodes `etcdserverpb.HashResponse`. */
export function encodeHashResponse(message: HashResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeHashResponse(message, lengths), lengths);
  writeHashResponse(writer, message);
  return writer.finish();
}

function createHashResponse(): HashResponse {
  return {
    header: undefined,
    hash: 0,
  };
}

/**
 * Asks for a copy of the backend.
 *
 * `etcdserverpb.SnapshotRequest` as decoded: every field is there.
 */
export interface SnapshotRequest {}

/** {@link SnapshotRequest} to encode: what is absent has its default. */
export interface SnapshotRequestInit {}

function mergeSnapshotRequest(reader: Reader, _message: SnapshotRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.SnapshotRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeSnapshotRequest(bytes: Uint8Array): SnapshotRequest {
  const message = createSnapshotRequest();
  mergeSnapshotRequest(new Reader(bytes), message);
  return message;
}

function sizeSnapshotRequest(_message: SnapshotRequestInit, _lengths: number[]): number {
  return 0;
}

function writeSnapshotRequest(_writer: Writer, _message: SnapshotRequestInit): void {}

/** Encodes `etcdserverpb.SnapshotRequest`. */
export function encodeSnapshotRequest(message: SnapshotRequestInit): Uint8Array {
  const writer = new Writer(sizeSnapshotRequest(message, noLengths));
  writeSnapshotRequest(writer, message);
  return writer.finish();
}

function createSnapshotRequest(): SnapshotRequest {
  return {};
}

/**
 * One piece of the copy of the backend, in order.
 *
 * `etcdserverpb.SnapshotResponse` as decoded: every field is there.
 */
export interface SnapshotResponse {
  header: ResponseHeader | undefined;
  remainingBytes: number;
  blob: Uint8Array;
  version: string;
}

/** {@link SnapshotResponse} to encode: what is absent has its default. */
export interface SnapshotResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly remainingBytes?: number | undefined;
  readonly blob?: Uint8Array | undefined;
  readonly version?: string | undefined;
}

function mergeSnapshotResponse(reader: Reader, message: SnapshotResponse): void {
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
      case 16:
        message.remainingBytes = reader.uint64();
        break;
      case 26:
        message.blob = reader.view();
        break;
      case 34:
        message.version = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.SnapshotResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeSnapshotResponse(bytes: Uint8Array): SnapshotResponse {
  const message = createSnapshotResponse();
  mergeSnapshotResponse(new Reader(bytes), message);
  return message;
}

function sizeSnapshotResponse(message: SnapshotResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const remainingBytes = message.remainingBytes;
  if (remainingBytes !== undefined && remainingBytes !== 0) size += 1 + uint64Size(remainingBytes);
  const blob = message.blob;
  if (blob !== undefined && blob.length > 0) size += 1 + bytesSize(blob.length);
  const version = message.version;
  if (version !== undefined && version !== "") size += 1 + stringSize(version);
  return size;
}

function writeSnapshotResponse(writer: Writer, message: SnapshotResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const remainingBytes = message.remainingBytes;
  if (remainingBytes !== undefined && remainingBytes !== 0) {
    writer.byte(16);
    writer.varint(remainingBytes);
  }
  const blob = message.blob;
  if (blob !== undefined && blob.length > 0) {
    writer.byte(26);
    writer.view(blob);
  }
  const version = message.version;
  if (version !== undefined && version !== "") {
    writer.byte(34);
    writer.string(version);
  }
}

/** Encodes `etcdserverpb.SnapshotResponse`. */
export function encodeSnapshotResponse(message: SnapshotResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeSnapshotResponse(message, lengths), lengths);
  writeSnapshotResponse(writer, message);
  return writer.finish();
}

function createSnapshotResponse(): SnapshotResponse {
  return {
    header: undefined,
    remainingBytes: 0,
    blob: emptyBytes,
    version: "",
  };
}

/**
 * What a client may say on a watch stream.
 *
 * `etcdserverpb.WatchRequest` as decoded: every field is there.
 */
export interface WatchRequest {
  requestUnion: WatchRequestRequestUnion | undefined;
}

/** {@link WatchRequest} to encode: what is absent has its default. */
export interface WatchRequestInit {
  readonly requestUnion?: WatchRequestRequestUnionInit | undefined;
}

/** The oneof `request_union` of {@link WatchRequest}: at most one of its fields. */
export type WatchRequestRequestUnion =
  | { readonly case: "createRequest"; readonly value: WatchCreateRequest }
  | { readonly case: "cancelRequest"; readonly value: WatchCancelRequest }
  | { readonly case: "progressRequest"; readonly value: WatchProgressRequest };

/** The oneof `request_union` of {@link WatchRequestInit}: at most one of its fields. */
export type WatchRequestRequestUnionInit =
  | { readonly case: "createRequest"; readonly value: WatchCreateRequestInit }
  | { readonly case: "cancelRequest"; readonly value: WatchCancelRequestInit }
  | { readonly case: "progressRequest"; readonly value: WatchProgressRequestInit };

function mergeWatchRequest(reader: Reader, message: WatchRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const previous = message.requestUnion;
        const value =
          previous?.case === "createRequest" ? previous.value : createWatchCreateRequest();
        mergeWatchCreateRequest(reader, value);
        message.requestUnion = { case: "createRequest", value };
        reader.leave(outerEnd);
        break;
      }
      case 18: {
        const outerEnd = reader.enter();
        const previous = message.requestUnion;
        const value =
          previous?.case === "cancelRequest" ? previous.value : createWatchCancelRequest();
        mergeWatchCancelRequest(reader, value);
        message.requestUnion = { case: "cancelRequest", value };
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const previous = message.requestUnion;
        const value =
          previous?.case === "progressRequest" ? previous.value : createWatchProgressRequest();
        mergeWatchProgressRequest(reader, value);
        message.requestUnion = { case: "progressRequest", value };
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.WatchRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeWatchRequest(bytes: Uint8Array): WatchRequest {
  const message = createWatchRequest();
  mergeWatchRequest(new Reader(bytes), message);
  return message;
}

function sizeWatchRequest(message: WatchRequestInit, lengths: number[]): number {
  let size = 0;
  const requestUnion = message.requestUnion;
  if (requestUnion !== undefined) {
    switch (requestUnion.case) {
      case "createRequest":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeWatchCreateRequest(requestUnion.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "cancelRequest":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeWatchCancelRequest(requestUnion.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
      case "progressRequest":
        {
          const slot = lengths.push(0) - 1;
          const nestedSize = sizeWatchProgressRequest(requestUnion.value, lengths);
          lengths[slot] = nestedSize;
          size += 1 + bytesSize(nestedSize);
        }
        break;
    }
  }
  return size;
}

function writeWatchRequest(writer: Writer, message: WatchRequestInit): void {
  const requestUnion = message.requestUnion;
  if (requestUnion !== undefined) {
    switch (requestUnion.case) {
      case "createRequest":
        writer.byte(10);
        writer.nestedLength();
        writeWatchCreateRequest(writer, requestUnion.value);
        break;
      case "cancelRequest":
        writer.byte(18);
        writer.nestedLength();
        writeWatchCancelRequest(writer, requestUnion.value);
        break;
      case "progressRequest":
        writer.byte(26);
        writer.nestedLength();
        writeWatchProgressRequest(writer, requestUnion.value);
        break;
    }
  }
}

/** Encodes `etcdserverpb.WatchRequest`. */
export function encodeWatchRequest(message: WatchRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeWatchRequest(message, lengths), lengths);
  writeWatchRequest(writer, message);
  return writer.finish();
}

function createWatchRequest(): WatchRequest {
  return {
    requestUnion: undefined,
  };
}

/**
 * Opens a watcher over an interval; start_revision 0 means from now on.
 *
 * `etcdserverpb.WatchCreateRequest` as decoded: every field is there.
 */
export interface WatchCreateRequest {
  key: Uint8Array;
  rangeEnd: Uint8Array;
  startRevision: number;
  progressNotify: boolean;
  /** See {@link WatchCreateRequestFilterType}. */
  filters: number[];
  prevKv: boolean;
  watchId: bigint;
  fragment: boolean;
}

/** {@link WatchCreateRequest} to encode: what is absent has its default. */
export interface WatchCreateRequestInit {
  readonly key?: Uint8Array | undefined;
  readonly rangeEnd?: Uint8Array | undefined;
  readonly startRevision?: number | undefined;
  readonly progressNotify?: boolean | undefined;
  /** See {@link WatchCreateRequestFilterType}. */
  readonly filters?: readonly number[] | undefined;
  readonly prevKv?: boolean | undefined;
  readonly watchId?: bigint | undefined;
  readonly fragment?: boolean | undefined;
}

function mergeWatchCreateRequest(reader: Reader, message: WatchCreateRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.key = reader.view();
        break;
      case 18:
        message.rangeEnd = reader.view();
        break;
      case 24:
        message.startRevision = reader.int64();
        break;
      case 32:
        message.progressNotify = reader.bool();
        break;
      case 40:
        message.filters.push(reader.int32());
        break;
      case 42: {
        const outerEnd = reader.enterPacked();
        while (reader.offset < reader.end) message.filters.push(reader.int32());
        reader.leave(outerEnd);
        break;
      }
      case 48:
        message.prevKv = reader.bool();
        break;
      case 56:
        message.watchId = reader.int64Exact();
        break;
      case 64:
        message.fragment = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 8);
    }
  }
}

/**
 * Decodes `etcdserverpb.WatchCreateRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeWatchCreateRequest(bytes: Uint8Array): WatchCreateRequest {
  const message = createWatchCreateRequest();
  mergeWatchCreateRequest(new Reader(bytes), message);
  return message;
}

function sizeWatchCreateRequest(message: WatchCreateRequestInit, lengths: number[]): number {
  let size = 0;
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) size += 1 + bytesSize(rangeEnd.length);
  const startRevision = message.startRevision;
  if (startRevision !== undefined && startRevision !== 0) size += 1 + int64Size(startRevision);
  const progressNotify = message.progressNotify;
  if (progressNotify === true) size += 1 + 1;
  const filters = message.filters;
  if (filters !== undefined && filters.length > 0) {
    let length = 0;
    for (const item of filters) length += int32Size(item);
    lengths.push(length);
    size += 1 + bytesSize(length);
  }
  const prevKv = message.prevKv;
  if (prevKv === true) size += 1 + 1;
  const watchId = message.watchId;
  if (watchId !== undefined && watchId !== 0n) size += 1 + int64ExactSize(watchId);
  const fragment = message.fragment;
  if (fragment === true) size += 1 + 1;
  return size;
}

function writeWatchCreateRequest(writer: Writer, message: WatchCreateRequestInit): void {
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(10);
    writer.view(key);
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) {
    writer.byte(18);
    writer.view(rangeEnd);
  }
  const startRevision = message.startRevision;
  if (startRevision !== undefined && startRevision !== 0) {
    writer.byte(24);
    writer.varint(startRevision);
  }
  const progressNotify = message.progressNotify;
  if (progressNotify === true) {
    writer.byte(32);
    writer.byte(progressNotify ? 1 : 0);
  }
  const filters = message.filters;
  if (filters !== undefined && filters.length > 0) {
    writer.byte(42);
    writer.nestedLength();
    for (const item of filters) {
      writer.varint(item);
    }
  }
  const prevKv = message.prevKv;
  if (prevKv === true) {
    writer.byte(48);
    writer.byte(prevKv ? 1 : 0);
  }
  const watchId = message.watchId;
  if (watchId !== undefined && watchId !== 0n) {
    writer.byte(56);
    writer.varintExact(watchId);
  }
  const fragment = message.fragment;
  if (fragment === true) {
    writer.byte(64);
    writer.byte(fragment ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.WatchCreateRequest`. */
export function encodeWatchCreateRequest(message: WatchCreateRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeWatchCreateRequest(message, lengths), lengths);
  writeWatchCreateRequest(writer, message);
  return writer.finish();
}

function createWatchCreateRequest(): WatchCreateRequest {
  return {
    key: emptyBytes,
    rangeEnd: emptyBytes,
    startRevision: 0,
    progressNotify: false,
    filters: [],
    prevKv: false,
    watchId: 0n,
    fragment: false,
  };
}

/**
 * Closes one watcher of the stream.
 *
 * `etcdserverpb.WatchCancelRequest` as decoded: every field is there.
 */
export interface WatchCancelRequest {
  watchId: bigint;
}

/** {@link WatchCancelRequest} to encode: what is absent has its default. */
export interface WatchCancelRequestInit {
  readonly watchId?: bigint | undefined;
}

function mergeWatchCancelRequest(reader: Reader, message: WatchCancelRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.watchId = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.WatchCancelRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeWatchCancelRequest(bytes: Uint8Array): WatchCancelRequest {
  const message = createWatchCancelRequest();
  mergeWatchCancelRequest(new Reader(bytes), message);
  return message;
}

function sizeWatchCancelRequest(message: WatchCancelRequestInit, _lengths: number[]): number {
  let size = 0;
  const watchId = message.watchId;
  if (watchId !== undefined && watchId !== 0n) size += 1 + int64ExactSize(watchId);
  return size;
}

function writeWatchCancelRequest(writer: Writer, message: WatchCancelRequestInit): void {
  const watchId = message.watchId;
  if (watchId !== undefined && watchId !== 0n) {
    writer.byte(8);
    writer.varintExact(watchId);
  }
}

/** Encodes `etcdserverpb.WatchCancelRequest`. */
export function encodeWatchCancelRequest(message: WatchCancelRequestInit): Uint8Array {
  const writer = new Writer(sizeWatchCancelRequest(message, noLengths));
  writeWatchCancelRequest(writer, message);
  return writer.finish();
}

function createWatchCancelRequest(): WatchCancelRequest {
  return {
    watchId: 0n,
  };
}

/**
 * Asks for a progress notice for the whole stream.
 *
 * `etcdserverpb.WatchProgressRequest` as decoded: every field is there.
 */
export interface WatchProgressRequest {}

/** {@link WatchProgressRequest} to encode: what is absent has its default. */
export interface WatchProgressRequestInit {}

function mergeWatchProgressRequest(reader: Reader, _message: WatchProgressRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.WatchProgressRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeWatchProgressRequest(bytes: Uint8Array): WatchProgressRequest {
  const message = createWatchProgressRequest();
  mergeWatchProgressRequest(new Reader(bytes), message);
  return message;
}

function sizeWatchProgressRequest(_message: WatchProgressRequestInit, _lengths: number[]): number {
  return 0;
}

function writeWatchProgressRequest(_writer: Writer, _message: WatchProgressRequestInit): void {}

/** Encodes `etcdserverpb.WatchProgressRequest`. */
export function encodeWatchProgressRequest(message: WatchProgressRequestInit): Uint8Array {
  const writer = new Writer(sizeWatchProgressRequest(message, noLengths));
  writeWatchProgressRequest(writer, message);
  return writer.finish();
}

function createWatchProgressRequest(): WatchProgressRequest {
  return {};
}

/**
 * Events of one watcher, or the news that it was created, cancelled or is up to date.
 *
 * `etcdserverpb.WatchResponse` as decoded: every field is there.
 */
export interface WatchResponse {
  header: ResponseHeader | undefined;
  watchId: bigint;
  created: boolean;
  canceled: boolean;
  compactRevision: number;
  cancelReason: string;
  fragment: boolean;
  events: Event[];
}

/** {@link WatchResponse} to encode: what is absent has its default. */
export interface WatchResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly watchId?: bigint | undefined;
  readonly created?: boolean | undefined;
  readonly canceled?: boolean | undefined;
  readonly compactRevision?: number | undefined;
  readonly cancelReason?: string | undefined;
  readonly fragment?: boolean | undefined;
  readonly events?: readonly EventInit[] | undefined;
}

function mergeWatchResponse(reader: Reader, message: WatchResponse): void {
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
      case 16:
        message.watchId = reader.int64Exact();
        break;
      case 24:
        message.created = reader.bool();
        break;
      case 32:
        message.canceled = reader.bool();
        break;
      case 40:
        message.compactRevision = reader.int64();
        break;
      case 50:
        message.cancelReason = reader.string();
        break;
      case 56:
        message.fragment = reader.bool();
        break;
      case 90: {
        const outerEnd = reader.enter();
        const nested = createEvent();
        message.events.push(nested);
        mergeEvent(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 7 || tag >>> 3 === 11);
    }
  }
}

/**
 * Decodes `etcdserverpb.WatchResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeWatchResponse(bytes: Uint8Array): WatchResponse {
  const message = createWatchResponse();
  mergeWatchResponse(new Reader(bytes), message);
  return message;
}

function sizeWatchResponse(message: WatchResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const watchId = message.watchId;
  if (watchId !== undefined && watchId !== 0n) size += 1 + int64ExactSize(watchId);
  const created = message.created;
  if (created === true) size += 1 + 1;
  const canceled = message.canceled;
  if (canceled === true) size += 1 + 1;
  const compactRevision = message.compactRevision;
  if (compactRevision !== undefined && compactRevision !== 0)
    size += 1 + int64Size(compactRevision);
  const cancelReason = message.cancelReason;
  if (cancelReason !== undefined && cancelReason !== "") size += 1 + stringSize(cancelReason);
  const fragment = message.fragment;
  if (fragment === true) size += 1 + 1;
  const events = message.events;
  if (events !== undefined) {
    for (const item of events) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeEvent(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeWatchResponse(writer: Writer, message: WatchResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const watchId = message.watchId;
  if (watchId !== undefined && watchId !== 0n) {
    writer.byte(16);
    writer.varintExact(watchId);
  }
  const created = message.created;
  if (created === true) {
    writer.byte(24);
    writer.byte(created ? 1 : 0);
  }
  const canceled = message.canceled;
  if (canceled === true) {
    writer.byte(32);
    writer.byte(canceled ? 1 : 0);
  }
  const compactRevision = message.compactRevision;
  if (compactRevision !== undefined && compactRevision !== 0) {
    writer.byte(40);
    writer.varint(compactRevision);
  }
  const cancelReason = message.cancelReason;
  if (cancelReason !== undefined && cancelReason !== "") {
    writer.byte(50);
    writer.string(cancelReason);
  }
  const fragment = message.fragment;
  if (fragment === true) {
    writer.byte(56);
    writer.byte(fragment ? 1 : 0);
  }
  const events = message.events;
  if (events !== undefined) {
    for (const item of events) {
      writer.byte(90);
      writer.nestedLength();
      writeEvent(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.WatchResponse`. */
export function encodeWatchResponse(message: WatchResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeWatchResponse(message, lengths), lengths);
  writeWatchResponse(writer, message);
  return writer.finish();
}

function createWatchResponse(): WatchResponse {
  return {
    header: undefined,
    watchId: 0n,
    created: false,
    canceled: false,
    compactRevision: 0,
    cancelReason: "",
    fragment: false,
    events: [],
  };
}

/**
 * Creates a lease; TTL is in seconds, ID 0 lets the server choose.
 *
 * `etcdserverpb.LeaseGrantRequest` as decoded: every field is there.
 */
export interface LeaseGrantRequest {
  ttl: number;
  id: bigint;
}

/** {@link LeaseGrantRequest} to encode: what is absent has its default. */
export interface LeaseGrantRequestInit {
  readonly ttl?: number | undefined;
  readonly id?: bigint | undefined;
}

function mergeLeaseGrantRequest(reader: Reader, message: LeaseGrantRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.ttl = reader.int64();
        break;
      case 16:
        message.id = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseGrantRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseGrantRequest(bytes: Uint8Array): LeaseGrantRequest {
  const message = createLeaseGrantRequest();
  mergeLeaseGrantRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaseGrantRequest(message: LeaseGrantRequestInit, _lengths: number[]): number {
  let size = 0;
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) size += 1 + int64Size(ttl);
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  return size;
}

function writeLeaseGrantRequest(writer: Writer, message: LeaseGrantRequestInit): void {
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) {
    writer.byte(8);
    writer.varint(ttl);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(16);
    writer.varintExact(id);
  }
}

/** Encodes `etcdserverpb.LeaseGrantRequest`. */
export function encodeLeaseGrantRequest(message: LeaseGrantRequestInit): Uint8Array {
  const writer = new Writer(sizeLeaseGrantRequest(message, noLengths));
  writeLeaseGrantRequest(writer, message);
  return writer.finish();
}

function createLeaseGrantRequest(): LeaseGrantRequest {
  return {
    ttl: 0,
    id: 0n,
  };
}

/**
 * The lease that was created and the seconds it really lives.
 *
 * `etcdserverpb.LeaseGrantResponse` as decoded: every field is there.
 */
export interface LeaseGrantResponse {
  header: ResponseHeader | undefined;
  id: bigint;
  ttl: number;
  error: string;
}

/** {@link LeaseGrantResponse} to encode: what is absent has its default. */
export interface LeaseGrantResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly id?: bigint | undefined;
  readonly ttl?: number | undefined;
  readonly error?: string | undefined;
}

function mergeLeaseGrantResponse(reader: Reader, message: LeaseGrantResponse): void {
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
      case 16:
        message.id = reader.int64Exact();
        break;
      case 24:
        message.ttl = reader.int64();
        break;
      case 34:
        message.error = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseGrantResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseGrantResponse(bytes: Uint8Array): LeaseGrantResponse {
  const message = createLeaseGrantResponse();
  mergeLeaseGrantResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaseGrantResponse(message: LeaseGrantResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) size += 1 + int64Size(ttl);
  const error = message.error;
  if (error !== undefined && error !== "") size += 1 + stringSize(error);
  return size;
}

function writeLeaseGrantResponse(writer: Writer, message: LeaseGrantResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(16);
    writer.varintExact(id);
  }
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) {
    writer.byte(24);
    writer.varint(ttl);
  }
  const error = message.error;
  if (error !== undefined && error !== "") {
    writer.byte(34);
    writer.string(error);
  }
}

/** Encodes `etcdserverpb.LeaseGrantResponse`. */
export function encodeLeaseGrantResponse(message: LeaseGrantResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseGrantResponse(message, lengths), lengths);
  writeLeaseGrantResponse(writer, message);
  return writer.finish();
}

function createLeaseGrantResponse(): LeaseGrantResponse {
  return {
    header: undefined,
    id: 0n,
    ttl: 0,
    error: "",
  };
}

/**
 * Ends a lease and deletes the keys attached to it.
 *
 * `etcdserverpb.LeaseRevokeRequest` as decoded: every field is there.
 */
export interface LeaseRevokeRequest {
  id: bigint;
}

/** {@link LeaseRevokeRequest} to encode: what is absent has its default. */
export interface LeaseRevokeRequestInit {
  readonly id?: bigint | undefined;
}

function mergeLeaseRevokeRequest(reader: Reader, message: LeaseRevokeRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseRevokeRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseRevokeRequest(bytes: Uint8Array): LeaseRevokeRequest {
  const message = createLeaseRevokeRequest();
  mergeLeaseRevokeRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaseRevokeRequest(message: LeaseRevokeRequestInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  return size;
}

function writeLeaseRevokeRequest(writer: Writer, message: LeaseRevokeRequestInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
}

/** Encodes `etcdserverpb.LeaseRevokeRequest`. */
export function encodeLeaseRevokeRequest(message: LeaseRevokeRequestInit): Uint8Array {
  const writer = new Writer(sizeLeaseRevokeRequest(message, noLengths));
  writeLeaseRevokeRequest(writer, message);
  return writer.finish();
}

function createLeaseRevokeRequest(): LeaseRevokeRequest {
  return {
    id: 0n,
  };
}

/**
 * Answer to a revocation.
 *
 * `etcdserverpb.LeaseRevokeResponse` as decoded: every field is there.
 */
export interface LeaseRevokeResponse {
  header: ResponseHeader | undefined;
}

/** {@link LeaseRevokeResponse} to encode: what is absent has its default. */
export interface LeaseRevokeResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeLeaseRevokeResponse(reader: Reader, message: LeaseRevokeResponse): void {
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
 * Decodes `etcdserverpb.LeaseRevokeResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseRevokeResponse(bytes: Uint8Array): LeaseRevokeResponse {
  const message = createLeaseRevokeResponse();
  mergeLeaseRevokeResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaseRevokeResponse(message: LeaseRevokeResponseInit, lengths: number[]): number {
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

function writeLeaseRevokeResponse(writer: Writer, message: LeaseRevokeResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.LeaseRevokeResponse`. */
export function encodeLeaseRevokeResponse(message: LeaseRevokeResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseRevokeResponse(message, lengths), lengths);
  writeLeaseRevokeResponse(writer, message);
  return writer.finish();
}

function createLeaseRevokeResponse(): LeaseRevokeResponse {
  return {
    header: undefined,
  };
}

/**
 * The seconds that remain of one lease.
 *
 * `etcdserverpb.LeaseCheckpoint` as decoded: every field is there.
 */
export interface LeaseCheckpoint {
  id: bigint;
  remainingTtl: number;
}

/** {@link LeaseCheckpoint} to encode: what is absent has its default. */
export interface LeaseCheckpointInit {
  readonly id?: bigint | undefined;
  readonly remainingTtl?: number | undefined;
}

function mergeLeaseCheckpoint(reader: Reader, message: LeaseCheckpoint): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.int64Exact();
        break;
      case 16:
        message.remainingTtl = reader.int64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseCheckpoint`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseCheckpoint(bytes: Uint8Array): LeaseCheckpoint {
  const message = createLeaseCheckpoint();
  mergeLeaseCheckpoint(new Reader(bytes), message);
  return message;
}

function sizeLeaseCheckpoint(message: LeaseCheckpointInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  const remainingTtl = message.remainingTtl;
  if (remainingTtl !== undefined && remainingTtl !== 0) size += 1 + int64Size(remainingTtl);
  return size;
}

function writeLeaseCheckpoint(writer: Writer, message: LeaseCheckpointInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
  const remainingTtl = message.remainingTtl;
  if (remainingTtl !== undefined && remainingTtl !== 0) {
    writer.byte(16);
    writer.varint(remainingTtl);
  }
}

/** Encodes `etcdserverpb.LeaseCheckpoint`. */
export function encodeLeaseCheckpoint(message: LeaseCheckpointInit): Uint8Array {
  const writer = new Writer(sizeLeaseCheckpoint(message, noLengths));
  writeLeaseCheckpoint(writer, message);
  return writer.finish();
}

function createLeaseCheckpoint(): LeaseCheckpoint {
  return {
    id: 0n,
    remainingTtl: 0,
  };
}

/**
 * Records the remaining seconds of many leases.
 *
 * `etcdserverpb.LeaseCheckpointRequest` as decoded: every field is there.
 */
export interface LeaseCheckpointRequest {
  checkpoints: LeaseCheckpoint[];
}

/** {@link LeaseCheckpointRequest} to encode: what is absent has its default. */
export interface LeaseCheckpointRequestInit {
  readonly checkpoints?: readonly LeaseCheckpointInit[] | undefined;
}

function mergeLeaseCheckpointRequest(reader: Reader, message: LeaseCheckpointRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = createLeaseCheckpoint();
        message.checkpoints.push(nested);
        mergeLeaseCheckpoint(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseCheckpointRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseCheckpointRequest(bytes: Uint8Array): LeaseCheckpointRequest {
  const message = createLeaseCheckpointRequest();
  mergeLeaseCheckpointRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaseCheckpointRequest(
  message: LeaseCheckpointRequestInit,
  lengths: number[],
): number {
  let size = 0;
  const checkpoints = message.checkpoints;
  if (checkpoints !== undefined) {
    for (const item of checkpoints) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeLeaseCheckpoint(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeLeaseCheckpointRequest(writer: Writer, message: LeaseCheckpointRequestInit): void {
  const checkpoints = message.checkpoints;
  if (checkpoints !== undefined) {
    for (const item of checkpoints) {
      writer.byte(10);
      writer.nestedLength();
      writeLeaseCheckpoint(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.LeaseCheckpointRequest`. */
export function encodeLeaseCheckpointRequest(message: LeaseCheckpointRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseCheckpointRequest(message, lengths), lengths);
  writeLeaseCheckpointRequest(writer, message);
  return writer.finish();
}

function createLeaseCheckpointRequest(): LeaseCheckpointRequest {
  return {
    checkpoints: [],
  };
}

/**
 * Answer to a checkpoint.
 *
 * `etcdserverpb.LeaseCheckpointResponse` as decoded: every field is there.
 */
export interface LeaseCheckpointResponse {
  header: ResponseHeader | undefined;
}

/** {@link LeaseCheckpointResponse} to encode: what is absent has its default. */
export interface LeaseCheckpointResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeLeaseCheckpointResponse(reader: Reader, message: LeaseCheckpointResponse): void {
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
 * Decodes `etcdserverpb.LeaseCheckpointResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseCheckpointResponse(bytes: Uint8Array): LeaseCheckpointResponse {
  const message = createLeaseCheckpointResponse();
  mergeLeaseCheckpointResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaseCheckpointResponse(
  message: LeaseCheckpointResponseInit,
  lengths: number[],
): number {
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

function writeLeaseCheckpointResponse(writer: Writer, message: LeaseCheckpointResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.LeaseCheckpointResponse`. */
export function encodeLeaseCheckpointResponse(message: LeaseCheckpointResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseCheckpointResponse(message, lengths), lengths);
  writeLeaseCheckpointResponse(writer, message);
  return writer.finish();
}

function createLeaseCheckpointResponse(): LeaseCheckpointResponse {
  return {
    header: undefined,
  };
}

/**
 * Renews a lease; one message of a stream.
 *
 * `etcdserverpb.LeaseKeepAliveRequest` as decoded: every field is there.
 */
export interface LeaseKeepAliveRequest {
  id: bigint;
}

/** {@link LeaseKeepAliveRequest} to encode: what is absent has its default. */
export interface LeaseKeepAliveRequestInit {
  readonly id?: bigint | undefined;
}

function mergeLeaseKeepAliveRequest(reader: Reader, message: LeaseKeepAliveRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseKeepAliveRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseKeepAliveRequest(bytes: Uint8Array): LeaseKeepAliveRequest {
  const message = createLeaseKeepAliveRequest();
  mergeLeaseKeepAliveRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaseKeepAliveRequest(message: LeaseKeepAliveRequestInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  return size;
}

function writeLeaseKeepAliveRequest(writer: Writer, message: LeaseKeepAliveRequestInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
}

/** Encodes `etcdserverpb.LeaseKeepAliveRequest`. */
export function encodeLeaseKeepAliveRequest(message: LeaseKeepAliveRequestInit): Uint8Array {
  const writer = new Writer(sizeLeaseKeepAliveRequest(message, noLengths));
  writeLeaseKeepAliveRequest(writer, message);
  return writer.finish();
}

function createLeaseKeepAliveRequest(): LeaseKeepAliveRequest {
  return {
    id: 0n,
  };
}

/**
 * The seconds a renewed lease has again; 0 when there is no such lease.
 *
 * `etcdserverpb.LeaseKeepAliveResponse` as decoded: every field is there.
 */
export interface LeaseKeepAliveResponse {
  header: ResponseHeader | undefined;
  id: bigint;
  ttl: number;
}

/** {@link LeaseKeepAliveResponse} to encode: what is absent has its default. */
export interface LeaseKeepAliveResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly id?: bigint | undefined;
  readonly ttl?: number | undefined;
}

function mergeLeaseKeepAliveResponse(reader: Reader, message: LeaseKeepAliveResponse): void {
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
      case 16:
        message.id = reader.int64Exact();
        break;
      case 24:
        message.ttl = reader.int64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseKeepAliveResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseKeepAliveResponse(bytes: Uint8Array): LeaseKeepAliveResponse {
  const message = createLeaseKeepAliveResponse();
  mergeLeaseKeepAliveResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaseKeepAliveResponse(
  message: LeaseKeepAliveResponseInit,
  lengths: number[],
): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) size += 1 + int64Size(ttl);
  return size;
}

function writeLeaseKeepAliveResponse(writer: Writer, message: LeaseKeepAliveResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(16);
    writer.varintExact(id);
  }
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) {
    writer.byte(24);
    writer.varint(ttl);
  }
}

/** Encodes `etcdserverpb.LeaseKeepAliveResponse`. */
export function encodeLeaseKeepAliveResponse(message: LeaseKeepAliveResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseKeepAliveResponse(message, lengths), lengths);
  writeLeaseKeepAliveResponse(writer, message);
  return writer.finish();
}

function createLeaseKeepAliveResponse(): LeaseKeepAliveResponse {
  return {
    header: undefined,
    id: 0n,
    ttl: 0,
  };
}

/**
 * Asks how long a lease still lives.
 *
 * `etcdserverpb.LeaseTimeToLiveRequest` as decoded: every field is there.
 */
export interface LeaseTimeToLiveRequest {
  id: bigint;
  keys: boolean;
}

/** {@link LeaseTimeToLiveRequest} to encode: what is absent has its default. */
export interface LeaseTimeToLiveRequestInit {
  readonly id?: bigint | undefined;
  readonly keys?: boolean | undefined;
}

function mergeLeaseTimeToLiveRequest(reader: Reader, message: LeaseTimeToLiveRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.int64Exact();
        break;
      case 16:
        message.keys = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseTimeToLiveRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseTimeToLiveRequest(bytes: Uint8Array): LeaseTimeToLiveRequest {
  const message = createLeaseTimeToLiveRequest();
  mergeLeaseTimeToLiveRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaseTimeToLiveRequest(
  message: LeaseTimeToLiveRequestInit,
  _lengths: number[],
): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  const keys = message.keys;
  if (keys === true) size += 1 + 1;
  return size;
}

function writeLeaseTimeToLiveRequest(writer: Writer, message: LeaseTimeToLiveRequestInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
  const keys = message.keys;
  if (keys === true) {
    writer.byte(16);
    writer.byte(keys ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.LeaseTimeToLiveRequest`. */
export function encodeLeaseTimeToLiveRequest(message: LeaseTimeToLiveRequestInit): Uint8Array {
  const writer = new Writer(sizeLeaseTimeToLiveRequest(message, noLengths));
  writeLeaseTimeToLiveRequest(writer, message);
  return writer.finish();
}

function createLeaseTimeToLiveRequest(): LeaseTimeToLiveRequest {
  return {
    id: 0n,
    keys: false,
  };
}

/**
 * The seconds that remain, -1 when there is no such lease.
 *
 * `etcdserverpb.LeaseTimeToLiveResponse` as decoded: every field is there.
 */
export interface LeaseTimeToLiveResponse {
  header: ResponseHeader | undefined;
  id: bigint;
  ttl: number;
  grantedTtl: number;
  keys: Uint8Array[];
}

/** {@link LeaseTimeToLiveResponse} to encode: what is absent has its default. */
export interface LeaseTimeToLiveResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly id?: bigint | undefined;
  readonly ttl?: number | undefined;
  readonly grantedTtl?: number | undefined;
  readonly keys?: readonly Uint8Array[] | undefined;
}

function mergeLeaseTimeToLiveResponse(reader: Reader, message: LeaseTimeToLiveResponse): void {
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
      case 16:
        message.id = reader.int64Exact();
        break;
      case 24:
        message.ttl = reader.int64();
        break;
      case 32:
        message.grantedTtl = reader.int64();
        break;
      case 42:
        message.keys.push(reader.view());
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 5);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseTimeToLiveResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseTimeToLiveResponse(bytes: Uint8Array): LeaseTimeToLiveResponse {
  const message = createLeaseTimeToLiveResponse();
  mergeLeaseTimeToLiveResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaseTimeToLiveResponse(
  message: LeaseTimeToLiveResponseInit,
  lengths: number[],
): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) size += 1 + int64Size(ttl);
  const grantedTtl = message.grantedTtl;
  if (grantedTtl !== undefined && grantedTtl !== 0) size += 1 + int64Size(grantedTtl);
  const keys = message.keys;
  if (keys !== undefined) {
    for (const item of keys) {
      size += 1 + bytesSize(item.length);
    }
  }
  return size;
}

function writeLeaseTimeToLiveResponse(writer: Writer, message: LeaseTimeToLiveResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(16);
    writer.varintExact(id);
  }
  const ttl = message.ttl;
  if (ttl !== undefined && ttl !== 0) {
    writer.byte(24);
    writer.varint(ttl);
  }
  const grantedTtl = message.grantedTtl;
  if (grantedTtl !== undefined && grantedTtl !== 0) {
    writer.byte(32);
    writer.varint(grantedTtl);
  }
  const keys = message.keys;
  if (keys !== undefined) {
    for (const item of keys) {
      writer.byte(42);
      writer.view(item);
    }
  }
}

/** Encodes `etcdserverpb.LeaseTimeToLiveResponse`. */
export function encodeLeaseTimeToLiveResponse(message: LeaseTimeToLiveResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseTimeToLiveResponse(message, lengths), lengths);
  writeLeaseTimeToLiveResponse(writer, message);
  return writer.finish();
}

function createLeaseTimeToLiveResponse(): LeaseTimeToLiveResponse {
  return {
    header: undefined,
    id: 0n,
    ttl: 0,
    grantedTtl: 0,
    keys: [],
  };
}

/**
 * Asks for all leases.
 *
 * `etcdserverpb.LeaseLeasesRequest` as decoded: every field is there.
 */
export interface LeaseLeasesRequest {}

/** {@link LeaseLeasesRequest} to encode: what is absent has its default. */
export interface LeaseLeasesRequestInit {}

function mergeLeaseLeasesRequest(reader: Reader, _message: LeaseLeasesRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.LeaseLeasesRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseLeasesRequest(bytes: Uint8Array): LeaseLeasesRequest {
  const message = createLeaseLeasesRequest();
  mergeLeaseLeasesRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaseLeasesRequest(_message: LeaseLeasesRequestInit, _lengths: number[]): number {
  return 0;
}

function writeLeaseLeasesRequest(_writer: Writer, _message: LeaseLeasesRequestInit): void {}

/** Encodes `etcdserverpb.LeaseLeasesRequest`. */
export function encodeLeaseLeasesRequest(message: LeaseLeasesRequestInit): Uint8Array {
  const writer = new Writer(sizeLeaseLeasesRequest(message, noLengths));
  writeLeaseLeasesRequest(writer, message);
  return writer.finish();
}

function createLeaseLeasesRequest(): LeaseLeasesRequest {
  return {};
}

/**
 * One lease of the list.
 *
 * `etcdserverpb.LeaseStatus` as decoded: every field is there.
 */
export interface LeaseStatus {
  id: bigint;
}

/** {@link LeaseStatus} to encode: what is absent has its default. */
export interface LeaseStatusInit {
  readonly id?: bigint | undefined;
}

function mergeLeaseStatus(reader: Reader, message: LeaseStatus): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseStatus`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseStatus(bytes: Uint8Array): LeaseStatus {
  const message = createLeaseStatus();
  mergeLeaseStatus(new Reader(bytes), message);
  return message;
}

function sizeLeaseStatus(message: LeaseStatusInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + int64ExactSize(id);
  return size;
}

function writeLeaseStatus(writer: Writer, message: LeaseStatusInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
}

/** Encodes `etcdserverpb.LeaseStatus`. */
export function encodeLeaseStatus(message: LeaseStatusInit): Uint8Array {
  const writer = new Writer(sizeLeaseStatus(message, noLengths));
  writeLeaseStatus(writer, message);
  return writer.finish();
}

function createLeaseStatus(): LeaseStatus {
  return {
    id: 0n,
  };
}

/**
 * All leases.
 *
 * `etcdserverpb.LeaseLeasesResponse` as decoded: every field is there.
 */
export interface LeaseLeasesResponse {
  header: ResponseHeader | undefined;
  leases: LeaseStatus[];
}

/** {@link LeaseLeasesResponse} to encode: what is absent has its default. */
export interface LeaseLeasesResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly leases?: readonly LeaseStatusInit[] | undefined;
}

function mergeLeaseLeasesResponse(reader: Reader, message: LeaseLeasesResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createLeaseStatus();
        message.leases.push(nested);
        mergeLeaseStatus(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.LeaseLeasesResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaseLeasesResponse(bytes: Uint8Array): LeaseLeasesResponse {
  const message = createLeaseLeasesResponse();
  mergeLeaseLeasesResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaseLeasesResponse(message: LeaseLeasesResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const leases = message.leases;
  if (leases !== undefined) {
    for (const item of leases) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeLeaseStatus(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeLeaseLeasesResponse(writer: Writer, message: LeaseLeasesResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const leases = message.leases;
  if (leases !== undefined) {
    for (const item of leases) {
      writer.byte(18);
      writer.nestedLength();
      writeLeaseStatus(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.LeaseLeasesResponse`. */
export function encodeLeaseLeasesResponse(message: LeaseLeasesResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaseLeasesResponse(message, lengths), lengths);
  writeLeaseLeasesResponse(writer, message);
  return writer.finish();
}

function createLeaseLeasesResponse(): LeaseLeasesResponse {
  return {
    header: undefined,
    leases: [],
  };
}

/**
 * One server of the cluster; an empty name means that it has not started yet.
 *
 * `etcdserverpb.Member` as decoded: every field is there.
 */
export interface Member {
  id: bigint;
  name: string;
  peerUrls: string[];
  clientUrls: string[];
  isLearner: boolean;
}

/** {@link Member} to encode: what is absent has its default. */
export interface MemberInit {
  readonly id?: bigint | undefined;
  readonly name?: string | undefined;
  readonly peerUrls?: readonly string[] | undefined;
  readonly clientUrls?: readonly string[] | undefined;
  readonly isLearner?: boolean | undefined;
}

function mergeMember(reader: Reader, message: Member): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.uint64Exact();
        break;
      case 18:
        message.name = reader.string();
        break;
      case 26:
        message.peerUrls.push(reader.string());
        break;
      case 34:
        message.clientUrls.push(reader.string());
        break;
      case 40:
        message.isLearner = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 5);
    }
  }
}

/**
 * Decodes `etcdserverpb.Member`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMember(bytes: Uint8Array): Member {
  const message = createMember();
  mergeMember(new Reader(bytes), message);
  return message;
}

function sizeMember(message: MemberInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + uint64ExactSize(id);
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  const peerUrls = message.peerUrls;
  if (peerUrls !== undefined) {
    for (const item of peerUrls) {
      size += 1 + stringSize(item);
    }
  }
  const clientUrls = message.clientUrls;
  if (clientUrls !== undefined) {
    for (const item of clientUrls) {
      size += 1 + stringSize(item);
    }
  }
  const isLearner = message.isLearner;
  if (isLearner === true) size += 1 + 1;
  return size;
}

function writeMember(writer: Writer, message: MemberInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(18);
    writer.string(name);
  }
  const peerUrls = message.peerUrls;
  if (peerUrls !== undefined) {
    for (const item of peerUrls) {
      writer.byte(26);
      writer.string(item);
    }
  }
  const clientUrls = message.clientUrls;
  if (clientUrls !== undefined) {
    for (const item of clientUrls) {
      writer.byte(34);
      writer.string(item);
    }
  }
  const isLearner = message.isLearner;
  if (isLearner === true) {
    writer.byte(40);
    writer.byte(isLearner ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.Member`. */
export function encodeMember(message: MemberInit): Uint8Array {
  const writer = new Writer(sizeMember(message, noLengths));
  writeMember(writer, message);
  return writer.finish();
}

function createMember(): Member {
  return {
    id: 0n,
    name: "",
    peerUrls: [],
    clientUrls: [],
    isLearner: false,
  };
}

/**
 * Adds a member by the addresses its peers will use.
 *
 * `etcdserverpb.MemberAddRequest` as decoded: every field is there.
 */
export interface MemberAddRequest {
  peerUrls: string[];
  isLearner: boolean;
}

/** {@link MemberAddRequest} to encode: what is absent has its default. */
export interface MemberAddRequestInit {
  readonly peerUrls?: readonly string[] | undefined;
  readonly isLearner?: boolean | undefined;
}

function mergeMemberAddRequest(reader: Reader, message: MemberAddRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.peerUrls.push(reader.string());
        break;
      case 16:
        message.isLearner = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberAddRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberAddRequest(bytes: Uint8Array): MemberAddRequest {
  const message = createMemberAddRequest();
  mergeMemberAddRequest(new Reader(bytes), message);
  return message;
}

function sizeMemberAddRequest(message: MemberAddRequestInit, _lengths: number[]): number {
  let size = 0;
  const peerUrls = message.peerUrls;
  if (peerUrls !== undefined) {
    for (const item of peerUrls) {
      size += 1 + stringSize(item);
    }
  }
  const isLearner = message.isLearner;
  if (isLearner === true) size += 1 + 1;
  return size;
}

function writeMemberAddRequest(writer: Writer, message: MemberAddRequestInit): void {
  const peerUrls = message.peerUrls;
  if (peerUrls !== undefined) {
    for (const item of peerUrls) {
      writer.byte(10);
      writer.string(item);
    }
  }
  const isLearner = message.isLearner;
  if (isLearner === true) {
    writer.byte(16);
    writer.byte(isLearner ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.MemberAddRequest`. */
export function encodeMemberAddRequest(message: MemberAddRequestInit): Uint8Array {
  const writer = new Writer(sizeMemberAddRequest(message, noLengths));
  writeMemberAddRequest(writer, message);
  return writer.finish();
}

function createMemberAddRequest(): MemberAddRequest {
  return {
    peerUrls: [],
    isLearner: false,
  };
}

/**
 * The new member and the list that holds after the change.
 *
 * `etcdserverpb.MemberAddResponse` as decoded: every field is there.
 */
export interface MemberAddResponse {
  header: ResponseHeader | undefined;
  member: Member | undefined;
  members: Member[];
}

/** {@link MemberAddResponse} to encode: what is absent has its default. */
export interface MemberAddResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly member?: MemberInit | undefined;
  readonly members?: readonly MemberInit[] | undefined;
}

function mergeMemberAddResponse(reader: Reader, message: MemberAddResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = (message.member ??= createMember());
        mergeMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = createMember();
        message.members.push(nested);
        mergeMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberAddResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberAddResponse(bytes: Uint8Array): MemberAddResponse {
  const message = createMemberAddResponse();
  mergeMemberAddResponse(new Reader(bytes), message);
  return message;
}

function sizeMemberAddResponse(message: MemberAddResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const member = message.member;
  if (member !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeMember(member, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeMember(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeMemberAddResponse(writer: Writer, message: MemberAddResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const member = message.member;
  if (member !== undefined) {
    writer.byte(18);
    writer.nestedLength();
    writeMember(writer, member);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      writer.byte(26);
      writer.nestedLength();
      writeMember(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.MemberAddResponse`. */
export function encodeMemberAddResponse(message: MemberAddResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeMemberAddResponse(message, lengths), lengths);
  writeMemberAddResponse(writer, message);
  return writer.finish();
}

function createMemberAddResponse(): MemberAddResponse {
  return {
    header: undefined,
    member: undefined,
    members: [],
  };
}

/**
 * Removes a member for good.
 *
 * `etcdserverpb.MemberRemoveRequest` as decoded: every field is there.
 */
export interface MemberRemoveRequest {
  id: bigint;
}

/** {@link MemberRemoveRequest} to encode: what is absent has its default. */
export interface MemberRemoveRequestInit {
  readonly id?: bigint | undefined;
}

function mergeMemberRemoveRequest(reader: Reader, message: MemberRemoveRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.uint64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberRemoveRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberRemoveRequest(bytes: Uint8Array): MemberRemoveRequest {
  const message = createMemberRemoveRequest();
  mergeMemberRemoveRequest(new Reader(bytes), message);
  return message;
}

function sizeMemberRemoveRequest(message: MemberRemoveRequestInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + uint64ExactSize(id);
  return size;
}

function writeMemberRemoveRequest(writer: Writer, message: MemberRemoveRequestInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
}

/** Encodes `etcdserverpb.MemberRemoveRequest`. */
export function encodeMemberRemoveRequest(message: MemberRemoveRequestInit): Uint8Array {
  const writer = new Writer(sizeMemberRemoveRequest(message, noLengths));
  writeMemberRemoveRequest(writer, message);
  return writer.finish();
}

function createMemberRemoveRequest(): MemberRemoveRequest {
  return {
    id: 0n,
  };
}

/**
 * The members after the removal.
 *
 * `etcdserverpb.MemberRemoveResponse` as decoded: every field is there.
 */
export interface MemberRemoveResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** {@link MemberRemoveResponse} to encode: what is absent has its default. */
export interface MemberRemoveResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly members?: readonly MemberInit[] | undefined;
}

function mergeMemberRemoveResponse(reader: Reader, message: MemberRemoveResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createMember();
        message.members.push(nested);
        mergeMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberRemoveResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberRemoveResponse(bytes: Uint8Array): MemberRemoveResponse {
  const message = createMemberRemoveResponse();
  mergeMemberRemoveResponse(new Reader(bytes), message);
  return message;
}

function sizeMemberRemoveResponse(message: MemberRemoveResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeMember(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeMemberRemoveResponse(writer: Writer, message: MemberRemoveResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      writer.byte(18);
      writer.nestedLength();
      writeMember(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.MemberRemoveResponse`. */
export function encodeMemberRemoveResponse(message: MemberRemoveResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeMemberRemoveResponse(message, lengths), lengths);
  writeMemberRemoveResponse(writer, message);
  return writer.finish();
}

function createMemberRemoveResponse(): MemberRemoveResponse {
  return {
    header: undefined,
    members: [],
  };
}

/**
 * Changes the peer addresses of a member.
 *
 * `etcdserverpb.MemberUpdateRequest` as decoded: every field is there.
 */
export interface MemberUpdateRequest {
  id: bigint;
  peerUrls: string[];
}

/** {@link MemberUpdateRequest} to encode: what is absent has its default. */
export interface MemberUpdateRequestInit {
  readonly id?: bigint | undefined;
  readonly peerUrls?: readonly string[] | undefined;
}

function mergeMemberUpdateRequest(reader: Reader, message: MemberUpdateRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.uint64Exact();
        break;
      case 18:
        message.peerUrls.push(reader.string());
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberUpdateRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberUpdateRequest(bytes: Uint8Array): MemberUpdateRequest {
  const message = createMemberUpdateRequest();
  mergeMemberUpdateRequest(new Reader(bytes), message);
  return message;
}

function sizeMemberUpdateRequest(message: MemberUpdateRequestInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + uint64ExactSize(id);
  const peerUrls = message.peerUrls;
  if (peerUrls !== undefined) {
    for (const item of peerUrls) {
      size += 1 + stringSize(item);
    }
  }
  return size;
}

function writeMemberUpdateRequest(writer: Writer, message: MemberUpdateRequestInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
  const peerUrls = message.peerUrls;
  if (peerUrls !== undefined) {
    for (const item of peerUrls) {
      writer.byte(18);
      writer.string(item);
    }
  }
}

/** Encodes `etcdserverpb.MemberUpdateRequest`. */
export function encodeMemberUpdateRequest(message: MemberUpdateRequestInit): Uint8Array {
  const writer = new Writer(sizeMemberUpdateRequest(message, noLengths));
  writeMemberUpdateRequest(writer, message);
  return writer.finish();
}

function createMemberUpdateRequest(): MemberUpdateRequest {
  return {
    id: 0n,
    peerUrls: [],
  };
}

/**
 * The members after the update.
 *
 * `etcdserverpb.MemberUpdateResponse` as decoded: every field is there.
 */
export interface MemberUpdateResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** {@link MemberUpdateResponse} to encode: what is absent has its default. */
export interface MemberUpdateResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly members?: readonly MemberInit[] | undefined;
}

function mergeMemberUpdateResponse(reader: Reader, message: MemberUpdateResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createMember();
        message.members.push(nested);
        mergeMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberUpdateResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberUpdateResponse(bytes: Uint8Array): MemberUpdateResponse {
  const message = createMemberUpdateResponse();
  mergeMemberUpdateResponse(new Reader(bytes), message);
  return message;
}

function sizeMemberUpdateResponse(message: MemberUpdateResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeMember(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeMemberUpdateResponse(writer: Writer, message: MemberUpdateResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      writer.byte(18);
      writer.nestedLength();
      writeMember(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.MemberUpdateResponse`. */
export function encodeMemberUpdateResponse(message: MemberUpdateResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeMemberUpdateResponse(message, lengths), lengths);
  writeMemberUpdateResponse(writer, message);
  return writer.finish();
}

function createMemberUpdateResponse(): MemberUpdateResponse {
  return {
    header: undefined,
    members: [],
  };
}

/**
 * Asks for the members; linearizable confirms the answer with a quorum.
 *
 * `etcdserverpb.MemberListRequest` as decoded: every field is there.
 */
export interface MemberListRequest {
  linearizable: boolean;
}

/** {@link MemberListRequest} to encode: what is absent has its default. */
export interface MemberListRequestInit {
  readonly linearizable?: boolean | undefined;
}

function mergeMemberListRequest(reader: Reader, message: MemberListRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.linearizable = reader.bool();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberListRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberListRequest(bytes: Uint8Array): MemberListRequest {
  const message = createMemberListRequest();
  mergeMemberListRequest(new Reader(bytes), message);
  return message;
}

function sizeMemberListRequest(message: MemberListRequestInit, _lengths: number[]): number {
  let size = 0;
  const linearizable = message.linearizable;
  if (linearizable === true) size += 1 + 1;
  return size;
}

function writeMemberListRequest(writer: Writer, message: MemberListRequestInit): void {
  const linearizable = message.linearizable;
  if (linearizable === true) {
    writer.byte(8);
    writer.byte(linearizable ? 1 : 0);
  }
}

/** Encodes `etcdserverpb.MemberListRequest`. */
export function encodeMemberListRequest(message: MemberListRequestInit): Uint8Array {
  const writer = new Writer(sizeMemberListRequest(message, noLengths));
  writeMemberListRequest(writer, message);
  return writer.finish();
}

function createMemberListRequest(): MemberListRequest {
  return {
    linearizable: false,
  };
}

/**
 * The members.
 *
 * `etcdserverpb.MemberListResponse` as decoded: every field is there.
 */
export interface MemberListResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** {@link MemberListResponse} to encode: what is absent has its default. */
export interface MemberListResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly members?: readonly MemberInit[] | undefined;
}

function mergeMemberListResponse(reader: Reader, message: MemberListResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createMember();
        message.members.push(nested);
        mergeMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberListResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberListResponse(bytes: Uint8Array): MemberListResponse {
  const message = createMemberListResponse();
  mergeMemberListResponse(new Reader(bytes), message);
  return message;
}

function sizeMemberListResponse(message: MemberListResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeMember(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeMemberListResponse(writer: Writer, message: MemberListResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      writer.byte(18);
      writer.nestedLength();
      writeMember(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.MemberListResponse`. */
export function encodeMemberListResponse(message: MemberListResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeMemberListResponse(message, lengths), lengths);
  writeMemberListResponse(writer, message);
  return writer.finish();
}

function createMemberListResponse(): MemberListResponse {
  return {
    header: undefined,
    members: [],
  };
}

/**
 * Makes a learner a voter.
 *
 * `etcdserverpb.MemberPromoteRequest` as decoded: every field is there.
 */
export interface MemberPromoteRequest {
  id: bigint;
}

/** {@link MemberPromoteRequest} to encode: what is absent has its default. */
export interface MemberPromoteRequestInit {
  readonly id?: bigint | undefined;
}

function mergeMemberPromoteRequest(reader: Reader, message: MemberPromoteRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.id = reader.uint64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberPromoteRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberPromoteRequest(bytes: Uint8Array): MemberPromoteRequest {
  const message = createMemberPromoteRequest();
  mergeMemberPromoteRequest(new Reader(bytes), message);
  return message;
}

function sizeMemberPromoteRequest(message: MemberPromoteRequestInit, _lengths: number[]): number {
  let size = 0;
  const id = message.id;
  if (id !== undefined && id !== 0n) size += 1 + uint64ExactSize(id);
  return size;
}

function writeMemberPromoteRequest(writer: Writer, message: MemberPromoteRequestInit): void {
  const id = message.id;
  if (id !== undefined && id !== 0n) {
    writer.byte(8);
    writer.varintExact(id);
  }
}

/** Encodes `etcdserverpb.MemberPromoteRequest`. */
export function encodeMemberPromoteRequest(message: MemberPromoteRequestInit): Uint8Array {
  const writer = new Writer(sizeMemberPromoteRequest(message, noLengths));
  writeMemberPromoteRequest(writer, message);
  return writer.finish();
}

function createMemberPromoteRequest(): MemberPromoteRequest {
  return {
    id: 0n,
  };
}

/**
 * The members after the promotion.
 *
 * `etcdserverpb.MemberPromoteResponse` as decoded: every field is there.
 */
export interface MemberPromoteResponse {
  header: ResponseHeader | undefined;
  members: Member[];
}

/** {@link MemberPromoteResponse} to encode: what is absent has its default. */
export interface MemberPromoteResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly members?: readonly MemberInit[] | undefined;
}

function mergeMemberPromoteResponse(reader: Reader, message: MemberPromoteResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createMember();
        message.members.push(nested);
        mergeMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.MemberPromoteResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMemberPromoteResponse(bytes: Uint8Array): MemberPromoteResponse {
  const message = createMemberPromoteResponse();
  mergeMemberPromoteResponse(new Reader(bytes), message);
  return message;
}

function sizeMemberPromoteResponse(message: MemberPromoteResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeMember(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeMemberPromoteResponse(writer: Writer, message: MemberPromoteResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const members = message.members;
  if (members !== undefined) {
    for (const item of members) {
      writer.byte(18);
      writer.nestedLength();
      writeMember(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.MemberPromoteResponse`. */
export function encodeMemberPromoteResponse(message: MemberPromoteResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeMemberPromoteResponse(message, lengths), lengths);
  writeMemberPromoteResponse(writer, message);
  return writer.finish();
}

function createMemberPromoteResponse(): MemberPromoteResponse {
  return {
    header: undefined,
    members: [],
  };
}

/**
 * Asks a member to give unused space back.
 *
 * `etcdserverpb.DefragmentRequest` as decoded: every field is there.
 */
export interface DefragmentRequest {}

/** {@link DefragmentRequest} to encode: what is absent has its default. */
export interface DefragmentRequestInit {}

function mergeDefragmentRequest(reader: Reader, _message: DefragmentRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.DefragmentRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDefragmentRequest(bytes: Uint8Array): DefragmentRequest {
  const message = createDefragmentRequest();
  mergeDefragmentRequest(new Reader(bytes), message);
  return message;
}

function sizeDefragmentRequest(_message: DefragmentRequestInit, _lengths: number[]): number {
  return 0;
}

function writeDefragmentRequest(_writer: Writer, _message: DefragmentRequestInit): void {}

/** Encodes `etcdserverpb.DefragmentRequest`. */
export function encodeDefragmentRequest(message: DefragmentRequestInit): Uint8Array {
  const writer = new Writer(sizeDefragmentRequest(message, noLengths));
  writeDefragmentRequest(writer, message);
  return writer.finish();
}

function createDefragmentRequest(): DefragmentRequest {
  return {};
}

/**
 * Answer to a defragmentation.
 *
 * `etcdserverpb.DefragmentResponse` as decoded: every field is there.
 */
export interface DefragmentResponse {
  header: ResponseHeader | undefined;
}

/** {@link DefragmentResponse} to encode: what is absent has its default. */
export interface DefragmentResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeDefragmentResponse(reader: Reader, message: DefragmentResponse): void {
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
 * Decodes `etcdserverpb.DefragmentResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDefragmentResponse(bytes: Uint8Array): DefragmentResponse {
  const message = createDefragmentResponse();
  mergeDefragmentResponse(new Reader(bytes), message);
  return message;
}

function sizeDefragmentResponse(message: DefragmentResponseInit, lengths: number[]): number {
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

function writeDefragmentResponse(writer: Writer, message: DefragmentResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.DefragmentResponse`. */
export function encodeDefragmentResponse(message: DefragmentResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeDefragmentResponse(message, lengths), lengths);
  writeDefragmentResponse(writer, message);
  return writer.finish();
}

function createDefragmentResponse(): DefragmentResponse {
  return {
    header: undefined,
  };
}

/**
 * Asks the leader to hand over to another voter.
 *
 * `etcdserverpb.MoveLeaderRequest` as decoded: every field is there.
 */
export interface MoveLeaderRequest {
  targetId: bigint;
}

/** {@link MoveLeaderRequest} to encode: what is absent has its default. */
export interface MoveLeaderRequestInit {
  readonly targetId?: bigint | undefined;
}

function mergeMoveLeaderRequest(reader: Reader, message: MoveLeaderRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.targetId = reader.uint64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.MoveLeaderRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMoveLeaderRequest(bytes: Uint8Array): MoveLeaderRequest {
  const message = createMoveLeaderRequest();
  mergeMoveLeaderRequest(new Reader(bytes), message);
  return message;
}

function sizeMoveLeaderRequest(message: MoveLeaderRequestInit, _lengths: number[]): number {
  let size = 0;
  const targetId = message.targetId;
  if (targetId !== undefined && targetId !== 0n) size += 1 + uint64ExactSize(targetId);
  return size;
}

function writeMoveLeaderRequest(writer: Writer, message: MoveLeaderRequestInit): void {
  const targetId = message.targetId;
  if (targetId !== undefined && targetId !== 0n) {
    writer.byte(8);
    writer.varintExact(targetId);
  }
}

/** Encodes `etcdserverpb.MoveLeaderRequest`. */
export function encodeMoveLeaderRequest(message: MoveLeaderRequestInit): Uint8Array {
  const writer = new Writer(sizeMoveLeaderRequest(message, noLengths));
  writeMoveLeaderRequest(writer, message);
  return writer.finish();
}

function createMoveLeaderRequest(): MoveLeaderRequest {
  return {
    targetId: 0n,
  };
}

/**
 * Answer to a hand-over.
 *
 * `etcdserverpb.MoveLeaderResponse` as decoded: every field is there.
 */
export interface MoveLeaderResponse {
  header: ResponseHeader | undefined;
}

/** {@link MoveLeaderResponse} to encode: what is absent has its default. */
export interface MoveLeaderResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeMoveLeaderResponse(reader: Reader, message: MoveLeaderResponse): void {
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
 * Decodes `etcdserverpb.MoveLeaderResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeMoveLeaderResponse(bytes: Uint8Array): MoveLeaderResponse {
  const message = createMoveLeaderResponse();
  mergeMoveLeaderResponse(new Reader(bytes), message);
  return message;
}

function sizeMoveLeaderResponse(message: MoveLeaderResponseInit, lengths: number[]): number {
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

function writeMoveLeaderResponse(writer: Writer, message: MoveLeaderResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.MoveLeaderResponse`. */
export function encodeMoveLeaderResponse(message: MoveLeaderResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeMoveLeaderResponse(message, lengths), lengths);
  writeMoveLeaderResponse(writer, message);
  return writer.finish();
}

function createMoveLeaderResponse(): MoveLeaderResponse {
  return {
    header: undefined,
  };
}

/**
 * Reads, raises or clears alarms; memberID 0 means every member.
 *
 * `etcdserverpb.AlarmRequest` as decoded: every field is there.
 */
export interface AlarmRequest {
  /** See {@link AlarmRequestAlarmAction}. */
  action: number;
  memberId: bigint;
  /** See {@link AlarmType}. */
  alarm: number;
}

/** {@link AlarmRequest} to encode: what is absent has its default. */
export interface AlarmRequestInit {
  /** See {@link AlarmRequestAlarmAction}. */
  readonly action?: number | undefined;
  readonly memberId?: bigint | undefined;
  /** See {@link AlarmType}. */
  readonly alarm?: number | undefined;
}

function mergeAlarmRequest(reader: Reader, message: AlarmRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.action = reader.int32();
        break;
      case 16:
        message.memberId = reader.uint64Exact();
        break;
      case 24:
        message.alarm = reader.int32();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.AlarmRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAlarmRequest(bytes: Uint8Array): AlarmRequest {
  const message = createAlarmRequest();
  mergeAlarmRequest(new Reader(bytes), message);
  return message;
}

function sizeAlarmRequest(message: AlarmRequestInit, _lengths: number[]): number {
  let size = 0;
  const action = message.action;
  if (action !== undefined && action !== 0) size += 1 + int32Size(action);
  const memberId = message.memberId;
  if (memberId !== undefined && memberId !== 0n) size += 1 + uint64ExactSize(memberId);
  const alarm = message.alarm;
  if (alarm !== undefined && alarm !== 0) size += 1 + int32Size(alarm);
  return size;
}

function writeAlarmRequest(writer: Writer, message: AlarmRequestInit): void {
  const action = message.action;
  if (action !== undefined && action !== 0) {
    writer.byte(8);
    writer.varint(action);
  }
  const memberId = message.memberId;
  if (memberId !== undefined && memberId !== 0n) {
    writer.byte(16);
    writer.varintExact(memberId);
  }
  const alarm = message.alarm;
  if (alarm !== undefined && alarm !== 0) {
    writer.byte(24);
    writer.varint(alarm);
  }
}

/** Encodes `etcdserverpb.AlarmRequest`. */
export function encodeAlarmRequest(message: AlarmRequestInit): Uint8Array {
  const writer = new Writer(sizeAlarmRequest(message, noLengths));
  writeAlarmRequest(writer, message);
  return writer.finish();
}

function createAlarmRequest(): AlarmRequest {
  return {
    action: 0,
    memberId: 0n,
    alarm: 0,
  };
}

/**
 * One alarm of one member.
 *
 * `etcdserverpb.AlarmMember` as decoded: every field is there.
 */
export interface AlarmMember {
  memberId: bigint;
  /** See {@link AlarmType}. */
  alarm: number;
}

/** {@link AlarmMember} to encode: what is absent has its default. */
export interface AlarmMemberInit {
  readonly memberId?: bigint | undefined;
  /** See {@link AlarmType}. */
  readonly alarm?: number | undefined;
}

function mergeAlarmMember(reader: Reader, message: AlarmMember): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.memberId = reader.uint64Exact();
        break;
      case 16:
        message.alarm = reader.int32();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AlarmMember`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAlarmMember(bytes: Uint8Array): AlarmMember {
  const message = createAlarmMember();
  mergeAlarmMember(new Reader(bytes), message);
  return message;
}

function sizeAlarmMember(message: AlarmMemberInit, _lengths: number[]): number {
  let size = 0;
  const memberId = message.memberId;
  if (memberId !== undefined && memberId !== 0n) size += 1 + uint64ExactSize(memberId);
  const alarm = message.alarm;
  if (alarm !== undefined && alarm !== 0) size += 1 + int32Size(alarm);
  return size;
}

function writeAlarmMember(writer: Writer, message: AlarmMemberInit): void {
  const memberId = message.memberId;
  if (memberId !== undefined && memberId !== 0n) {
    writer.byte(8);
    writer.varintExact(memberId);
  }
  const alarm = message.alarm;
  if (alarm !== undefined && alarm !== 0) {
    writer.byte(16);
    writer.varint(alarm);
  }
}

/** Encodes `etcdserverpb.AlarmMember`. */
export function encodeAlarmMember(message: AlarmMemberInit): Uint8Array {
  const writer = new Writer(sizeAlarmMember(message, noLengths));
  writeAlarmMember(writer, message);
  return writer.finish();
}

function createAlarmMember(): AlarmMember {
  return {
    memberId: 0n,
    alarm: 0,
  };
}

/**
 * The alarms concerned.
 *
 * `etcdserverpb.AlarmResponse` as decoded: every field is there.
 */
export interface AlarmResponse {
  header: ResponseHeader | undefined;
  alarms: AlarmMember[];
}

/** {@link AlarmResponse} to encode: what is absent has its default. */
export interface AlarmResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly alarms?: readonly AlarmMemberInit[] | undefined;
}

function mergeAlarmResponse(reader: Reader, message: AlarmResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createAlarmMember();
        message.alarms.push(nested);
        mergeAlarmMember(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AlarmResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAlarmResponse(bytes: Uint8Array): AlarmResponse {
  const message = createAlarmResponse();
  mergeAlarmResponse(new Reader(bytes), message);
  return message;
}

function sizeAlarmResponse(message: AlarmResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const alarms = message.alarms;
  if (alarms !== undefined) {
    for (const item of alarms) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizeAlarmMember(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeAlarmResponse(writer: Writer, message: AlarmResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const alarms = message.alarms;
  if (alarms !== undefined) {
    for (const item of alarms) {
      writer.byte(18);
      writer.nestedLength();
      writeAlarmMember(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.AlarmResponse`. */
export function encodeAlarmResponse(message: AlarmResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAlarmResponse(message, lengths), lengths);
  writeAlarmResponse(writer, message);
  return writer.finish();
}

function createAlarmResponse(): AlarmResponse {
  return {
    header: undefined,
    alarms: [],
  };
}

/**
 * Checks, starts or stops a downgrade of the cluster to an older minor version.
 *
 * `etcdserverpb.DowngradeRequest` as decoded: every field is there.
 */
export interface DowngradeRequest {
  /** See {@link DowngradeRequestDowngradeAction}. */
  action: number;
  version: string;
}

/** {@link DowngradeRequest} to encode: what is absent has its default. */
export interface DowngradeRequestInit {
  /** See {@link DowngradeRequestDowngradeAction}. */
  readonly action?: number | undefined;
  readonly version?: string | undefined;
}

function mergeDowngradeRequest(reader: Reader, message: DowngradeRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.action = reader.int32();
        break;
      case 18:
        message.version = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.DowngradeRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDowngradeRequest(bytes: Uint8Array): DowngradeRequest {
  const message = createDowngradeRequest();
  mergeDowngradeRequest(new Reader(bytes), message);
  return message;
}

function sizeDowngradeRequest(message: DowngradeRequestInit, _lengths: number[]): number {
  let size = 0;
  const action = message.action;
  if (action !== undefined && action !== 0) size += 1 + int32Size(action);
  const version = message.version;
  if (version !== undefined && version !== "") size += 1 + stringSize(version);
  return size;
}

function writeDowngradeRequest(writer: Writer, message: DowngradeRequestInit): void {
  const action = message.action;
  if (action !== undefined && action !== 0) {
    writer.byte(8);
    writer.varint(action);
  }
  const version = message.version;
  if (version !== undefined && version !== "") {
    writer.byte(18);
    writer.string(version);
  }
}

/** Encodes `etcdserverpb.DowngradeRequest`. */
export function encodeDowngradeRequest(message: DowngradeRequestInit): Uint8Array {
  const writer = new Writer(sizeDowngradeRequest(message, noLengths));
  writeDowngradeRequest(writer, message);
  return writer.finish();
}

function createDowngradeRequest(): DowngradeRequest {
  return {
    action: 0,
    version: "",
  };
}

/**
 * The version of the cluster.
 *
 * `etcdserverpb.DowngradeResponse` as decoded: every field is there.
 */
export interface DowngradeResponse {
  header: ResponseHeader | undefined;
  version: string;
}

/** {@link DowngradeResponse} to encode: what is absent has its default. */
export interface DowngradeResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly version?: string | undefined;
}

function mergeDowngradeResponse(reader: Reader, message: DowngradeResponse): void {
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
        message.version = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.DowngradeResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDowngradeResponse(bytes: Uint8Array): DowngradeResponse {
  const message = createDowngradeResponse();
  mergeDowngradeResponse(new Reader(bytes), message);
  return message;
}

function sizeDowngradeResponse(message: DowngradeResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const version = message.version;
  if (version !== undefined && version !== "") size += 1 + stringSize(version);
  return size;
}

function writeDowngradeResponse(writer: Writer, message: DowngradeResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const version = message.version;
  if (version !== undefined && version !== "") {
    writer.byte(18);
    writer.string(version);
  }
}

/** Encodes `etcdserverpb.DowngradeResponse`. */
export function encodeDowngradeResponse(message: DowngradeResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeDowngradeResponse(message, lengths), lengths);
  writeDowngradeResponse(writer, message);
  return writer.finish();
}

function createDowngradeResponse(): DowngradeResponse {
  return {
    header: undefined,
    version: "",
  };
}

/**
 * Carries a version between members that test a downgrade.
 *
 * `etcdserverpb.DowngradeVersionTestRequest` as decoded: every field is there.
 */
export interface DowngradeVersionTestRequest {
  ver: string;
}

/** {@link DowngradeVersionTestRequest} to encode: what is absent has its default. */
export interface DowngradeVersionTestRequestInit {
  readonly ver?: string | undefined;
}

function mergeDowngradeVersionTestRequest(
  reader: Reader,
  message: DowngradeVersionTestRequest,
): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.ver = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.DowngradeVersionTestRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDowngradeVersionTestRequest(bytes: Uint8Array): DowngradeVersionTestRequest {
  const message = createDowngradeVersionTestRequest();
  mergeDowngradeVersionTestRequest(new Reader(bytes), message);
  return message;
}

function sizeDowngradeVersionTestRequest(
  message: DowngradeVersionTestRequestInit,
  _lengths: number[],
): number {
  let size = 0;
  const ver = message.ver;
  if (ver !== undefined && ver !== "") size += 1 + stringSize(ver);
  return size;
}

function writeDowngradeVersionTestRequest(
  writer: Writer,
  message: DowngradeVersionTestRequestInit,
): void {
  const ver = message.ver;
  if (ver !== undefined && ver !== "") {
    writer.byte(10);
    writer.string(ver);
  }
}

/** Encodes `etcdserverpb.DowngradeVersionTestRequest`. */
export function encodeDowngradeVersionTestRequest(
  message: DowngradeVersionTestRequestInit,
): Uint8Array {
  const writer = new Writer(sizeDowngradeVersionTestRequest(message, noLengths));
  writeDowngradeVersionTestRequest(writer, message);
  return writer.finish();
}

function createDowngradeVersionTestRequest(): DowngradeVersionTestRequest {
  return {
    ver: "",
  };
}

/**
 * Asks a member for its state.
 *
 * `etcdserverpb.StatusRequest` as decoded: every field is there.
 */
export interface StatusRequest {}

/** {@link StatusRequest} to encode: what is absent has its default. */
export interface StatusRequestInit {}

function mergeStatusRequest(reader: Reader, _message: StatusRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.StatusRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeStatusRequest(bytes: Uint8Array): StatusRequest {
  const message = createStatusRequest();
  mergeStatusRequest(new Reader(bytes), message);
  return message;
}

function sizeStatusRequest(_message: StatusRequestInit, _lengths: number[]): number {
  return 0;
}

function writeStatusRequest(_writer: Writer, _message: StatusRequestInit): void {}

/** Encodes `etcdserverpb.StatusRequest`. */
export function encodeStatusRequest(message: StatusRequestInit): Uint8Array {
  const writer = new Writer(sizeStatusRequest(message, noLengths));
  writeStatusRequest(writer, message);
  return writer.finish();
}

function createStatusRequest(): StatusRequest {
  return {};
}

/**
 * Version, sizes, leader and log position of the member that answers.
 *
 * `etcdserverpb.StatusResponse` as decoded: every field is there.
 */
export interface StatusResponse {
  header: ResponseHeader | undefined;
  version: string;
  dbSize: number;
  leader: bigint;
  raftIndex: number;
  raftTerm: number;
  raftAppliedIndex: number;
  errors: string[];
  dbSizeInUse: number;
  isLearner: boolean;
  storageVersion: string;
  dbSizeQuota: number;
  downgradeInfo: DowngradeInfo | undefined;
}

/** {@link StatusResponse} to encode: what is absent has its default. */
export interface StatusResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly version?: string | undefined;
  readonly dbSize?: number | undefined;
  readonly leader?: bigint | undefined;
  readonly raftIndex?: number | undefined;
  readonly raftTerm?: number | undefined;
  readonly raftAppliedIndex?: number | undefined;
  readonly errors?: readonly string[] | undefined;
  readonly dbSizeInUse?: number | undefined;
  readonly isLearner?: boolean | undefined;
  readonly storageVersion?: string | undefined;
  readonly dbSizeQuota?: number | undefined;
  readonly downgradeInfo?: DowngradeInfoInit | undefined;
}

function mergeStatusResponse(reader: Reader, message: StatusResponse): void {
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
        message.version = reader.string();
        break;
      case 24:
        message.dbSize = reader.int64();
        break;
      case 32:
        message.leader = reader.uint64Exact();
        break;
      case 40:
        message.raftIndex = reader.uint64();
        break;
      case 48:
        message.raftTerm = reader.uint64();
        break;
      case 56:
        message.raftAppliedIndex = reader.uint64();
        break;
      case 66:
        message.errors.push(reader.string());
        break;
      case 72:
        message.dbSizeInUse = reader.int64();
        break;
      case 80:
        message.isLearner = reader.bool();
        break;
      case 90:
        message.storageVersion = reader.string();
        break;
      case 96:
        message.dbSizeQuota = reader.int64();
        break;
      case 106: {
        const outerEnd = reader.enter();
        const nested = (message.downgradeInfo ??= createDowngradeInfo());
        mergeDowngradeInfo(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 13);
    }
  }
}

/**
 * Decodes `etcdserverpb.StatusResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeStatusResponse(bytes: Uint8Array): StatusResponse {
  const message = createStatusResponse();
  mergeStatusResponse(new Reader(bytes), message);
  return message;
}

function sizeStatusResponse(message: StatusResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const version = message.version;
  if (version !== undefined && version !== "") size += 1 + stringSize(version);
  const dbSize = message.dbSize;
  if (dbSize !== undefined && dbSize !== 0) size += 1 + int64Size(dbSize);
  const leader = message.leader;
  if (leader !== undefined && leader !== 0n) size += 1 + uint64ExactSize(leader);
  const raftIndex = message.raftIndex;
  if (raftIndex !== undefined && raftIndex !== 0) size += 1 + uint64Size(raftIndex);
  const raftTerm = message.raftTerm;
  if (raftTerm !== undefined && raftTerm !== 0) size += 1 + uint64Size(raftTerm);
  const raftAppliedIndex = message.raftAppliedIndex;
  if (raftAppliedIndex !== undefined && raftAppliedIndex !== 0)
    size += 1 + uint64Size(raftAppliedIndex);
  const errors = message.errors;
  if (errors !== undefined) {
    for (const item of errors) {
      size += 1 + stringSize(item);
    }
  }
  const dbSizeInUse = message.dbSizeInUse;
  if (dbSizeInUse !== undefined && dbSizeInUse !== 0) size += 1 + int64Size(dbSizeInUse);
  const isLearner = message.isLearner;
  if (isLearner === true) size += 1 + 1;
  const storageVersion = message.storageVersion;
  if (storageVersion !== undefined && storageVersion !== "") size += 1 + stringSize(storageVersion);
  const dbSizeQuota = message.dbSizeQuota;
  if (dbSizeQuota !== undefined && dbSizeQuota !== 0) size += 1 + int64Size(dbSizeQuota);
  const downgradeInfo = message.downgradeInfo;
  if (downgradeInfo !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeDowngradeInfo(downgradeInfo, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeStatusResponse(writer: Writer, message: StatusResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const version = message.version;
  if (version !== undefined && version !== "") {
    writer.byte(18);
    writer.string(version);
  }
  const dbSize = message.dbSize;
  if (dbSize !== undefined && dbSize !== 0) {
    writer.byte(24);
    writer.varint(dbSize);
  }
  const leader = message.leader;
  if (leader !== undefined && leader !== 0n) {
    writer.byte(32);
    writer.varintExact(leader);
  }
  const raftIndex = message.raftIndex;
  if (raftIndex !== undefined && raftIndex !== 0) {
    writer.byte(40);
    writer.varint(raftIndex);
  }
  const raftTerm = message.raftTerm;
  if (raftTerm !== undefined && raftTerm !== 0) {
    writer.byte(48);
    writer.varint(raftTerm);
  }
  const raftAppliedIndex = message.raftAppliedIndex;
  if (raftAppliedIndex !== undefined && raftAppliedIndex !== 0) {
    writer.byte(56);
    writer.varint(raftAppliedIndex);
  }
  const errors = message.errors;
  if (errors !== undefined) {
    for (const item of errors) {
      writer.byte(66);
      writer.string(item);
    }
  }
  const dbSizeInUse = message.dbSizeInUse;
  if (dbSizeInUse !== undefined && dbSizeInUse !== 0) {
    writer.byte(72);
    writer.varint(dbSizeInUse);
  }
  const isLearner = message.isLearner;
  if (isLearner === true) {
    writer.byte(80);
    writer.byte(isLearner ? 1 : 0);
  }
  const storageVersion = message.storageVersion;
  if (storageVersion !== undefined && storageVersion !== "") {
    writer.byte(90);
    writer.string(storageVersion);
  }
  const dbSizeQuota = message.dbSizeQuota;
  if (dbSizeQuota !== undefined && dbSizeQuota !== 0) {
    writer.byte(96);
    writer.varint(dbSizeQuota);
  }
  const downgradeInfo = message.downgradeInfo;
  if (downgradeInfo !== undefined) {
    writer.byte(106);
    writer.nestedLength();
    writeDowngradeInfo(writer, downgradeInfo);
  }
}

/** Encodes `etcdserverpb.StatusResponse`. */
export function encodeStatusResponse(message: StatusResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeStatusResponse(message, lengths), lengths);
  writeStatusResponse(writer, message);
  return writer.finish();
}

function createStatusResponse(): StatusResponse {
  return {
    header: undefined,
    version: "",
    dbSize: 0,
    leader: 0n,
    raftIndex: 0,
    raftTerm: 0,
    raftAppliedIndex: 0,
    errors: [],
    dbSizeInUse: 0,
    isLearner: false,
    storageVersion: "",
    dbSizeQuota: 0,
    downgradeInfo: undefined,
  };
}

/**
 * Whether a downgrade is under way and to which version.
 *
 * `etcdserverpb.DowngradeInfo` as decoded: every field is there.
 */
export interface DowngradeInfo {
  enabled: boolean;
  targetVersion: string;
}

/** {@link DowngradeInfo} to encode: what is absent has its default. */
export interface DowngradeInfoInit {
  readonly enabled?: boolean | undefined;
  readonly targetVersion?: string | undefined;
}

function mergeDowngradeInfo(reader: Reader, message: DowngradeInfo): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.enabled = reader.bool();
        break;
      case 18:
        message.targetVersion = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.DowngradeInfo`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeDowngradeInfo(bytes: Uint8Array): DowngradeInfo {
  const message = createDowngradeInfo();
  mergeDowngradeInfo(new Reader(bytes), message);
  return message;
}

function sizeDowngradeInfo(message: DowngradeInfoInit, _lengths: number[]): number {
  let size = 0;
  const enabled = message.enabled;
  if (enabled === true) size += 1 + 1;
  const targetVersion = message.targetVersion;
  if (targetVersion !== undefined && targetVersion !== "") size += 1 + stringSize(targetVersion);
  return size;
}

function writeDowngradeInfo(writer: Writer, message: DowngradeInfoInit): void {
  const enabled = message.enabled;
  if (enabled === true) {
    writer.byte(8);
    writer.byte(enabled ? 1 : 0);
  }
  const targetVersion = message.targetVersion;
  if (targetVersion !== undefined && targetVersion !== "") {
    writer.byte(18);
    writer.string(targetVersion);
  }
}

/** Encodes `etcdserverpb.DowngradeInfo`. */
export function encodeDowngradeInfo(message: DowngradeInfoInit): Uint8Array {
  const writer = new Writer(sizeDowngradeInfo(message, noLengths));
  writeDowngradeInfo(writer, message);
  return writer.finish();
}

function createDowngradeInfo(): DowngradeInfo {
  return {
    enabled: false,
    targetVersion: "",
  };
}

/**
 * Switches authentication on.
 *
 * `etcdserverpb.AuthEnableRequest` as decoded: every field is there.
 */
export interface AuthEnableRequest {}

/** {@link AuthEnableRequest} to encode: what is absent has its default. */
export interface AuthEnableRequestInit {}

function mergeAuthEnableRequest(reader: Reader, _message: AuthEnableRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.AuthEnableRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthEnableRequest(bytes: Uint8Array): AuthEnableRequest {
  const message = createAuthEnableRequest();
  mergeAuthEnableRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthEnableRequest(_message: AuthEnableRequestInit, _lengths: number[]): number {
  return 0;
}

function writeAuthEnableRequest(_writer: Writer, _message: AuthEnableRequestInit): void {}

/** Encodes `etcdserverpb.AuthEnableRequest`. */
export function encodeAuthEnableRequest(message: AuthEnableRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthEnableRequest(message, noLengths));
  writeAuthEnableRequest(writer, message);
  return writer.finish();
}

function createAuthEnableRequest(): AuthEnableRequest {
  return {};
}

/**
 * Switches authentication off.
 *
 * `etcdserverpb.AuthDisableRequest` as decoded: every field is there.
 */
export interface AuthDisableRequest {}

/** {@link AuthDisableRequest} to encode: what is absent has its default. */
export interface AuthDisableRequestInit {}

function mergeAuthDisableRequest(reader: Reader, _message: AuthDisableRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.AuthDisableRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthDisableRequest(bytes: Uint8Array): AuthDisableRequest {
  const message = createAuthDisableRequest();
  mergeAuthDisableRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthDisableRequest(_message: AuthDisableRequestInit, _lengths: number[]): number {
  return 0;
}

function writeAuthDisableRequest(_writer: Writer, _message: AuthDisableRequestInit): void {}

/** Encodes `etcdserverpb.AuthDisableRequest`. */
export function encodeAuthDisableRequest(message: AuthDisableRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthDisableRequest(message, noLengths));
  writeAuthDisableRequest(writer, message);
  return writer.finish();
}

function createAuthDisableRequest(): AuthDisableRequest {
  return {};
}

/**
 * Asks whether authentication is on.
 *
 * `etcdserverpb.AuthStatusRequest` as decoded: every field is there.
 */
export interface AuthStatusRequest {}

/** {@link AuthStatusRequest} to encode: what is absent has its default. */
export interface AuthStatusRequestInit {}

function mergeAuthStatusRequest(reader: Reader, _message: AuthStatusRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.AuthStatusRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthStatusRequest(bytes: Uint8Array): AuthStatusRequest {
  const message = createAuthStatusRequest();
  mergeAuthStatusRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthStatusRequest(_message: AuthStatusRequestInit, _lengths: number[]): number {
  return 0;
}

function writeAuthStatusRequest(_writer: Writer, _message: AuthStatusRequestInit): void {}

/** Encodes `etcdserverpb.AuthStatusRequest`. */
export function encodeAuthStatusRequest(message: AuthStatusRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthStatusRequest(message, noLengths));
  writeAuthStatusRequest(writer, message);
  return writer.finish();
}

function createAuthStatusRequest(): AuthStatusRequest {
  return {};
}

/**
 * Exchanges a name and a password for a token.
 *
 * `etcdserverpb.AuthenticateRequest` as decoded: every field is there.
 */
export interface AuthenticateRequest {
  name: string;
  password: string;
}

/** {@link AuthenticateRequest} to encode: what is absent has its default. */
export interface AuthenticateRequestInit {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
}

function mergeAuthenticateRequest(reader: Reader, message: AuthenticateRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      case 18:
        message.password = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthenticateRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthenticateRequest(bytes: Uint8Array): AuthenticateRequest {
  const message = createAuthenticateRequest();
  mergeAuthenticateRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthenticateRequest(message: AuthenticateRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  const password = message.password;
  if (password !== undefined && password !== "") size += 1 + stringSize(password);
  return size;
}

function writeAuthenticateRequest(writer: Writer, message: AuthenticateRequestInit): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
  const password = message.password;
  if (password !== undefined && password !== "") {
    writer.byte(18);
    writer.string(password);
  }
}

/** Encodes `etcdserverpb.AuthenticateRequest`. */
export function encodeAuthenticateRequest(message: AuthenticateRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthenticateRequest(message, noLengths));
  writeAuthenticateRequest(writer, message);
  return writer.finish();
}

function createAuthenticateRequest(): AuthenticateRequest {
  return {
    name: "",
    password: "",
  };
}

/**
 * Creates a user; hashedPassword is a bcrypt hash in base64.
 *
 * `etcdserverpb.AuthUserAddRequest` as decoded: every field is there.
 */
export interface AuthUserAddRequest {
  name: string;
  password: string;
  options: UserAddOptions | undefined;
  hashedPassword: string;
}

/** {@link AuthUserAddRequest} to encode: what is absent has its default. */
export interface AuthUserAddRequestInit {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly options?: UserAddOptionsInit | undefined;
  readonly hashedPassword?: string | undefined;
}

function mergeAuthUserAddRequest(reader: Reader, message: AuthUserAddRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      case 18:
        message.password = reader.string();
        break;
      case 26: {
        const outerEnd = reader.enter();
        const nested = (message.options ??= createUserAddOptions());
        mergeUserAddOptions(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 34:
        message.hashedPassword = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserAddRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserAddRequest(bytes: Uint8Array): AuthUserAddRequest {
  const message = createAuthUserAddRequest();
  mergeAuthUserAddRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserAddRequest(message: AuthUserAddRequestInit, lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  const password = message.password;
  if (password !== undefined && password !== "") size += 1 + stringSize(password);
  const options = message.options;
  if (options !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeUserAddOptions(options, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const hashedPassword = message.hashedPassword;
  if (hashedPassword !== undefined && hashedPassword !== "") size += 1 + stringSize(hashedPassword);
  return size;
}

function writeAuthUserAddRequest(writer: Writer, message: AuthUserAddRequestInit): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
  const password = message.password;
  if (password !== undefined && password !== "") {
    writer.byte(18);
    writer.string(password);
  }
  const options = message.options;
  if (options !== undefined) {
    writer.byte(26);
    writer.nestedLength();
    writeUserAddOptions(writer, options);
  }
  const hashedPassword = message.hashedPassword;
  if (hashedPassword !== undefined && hashedPassword !== "") {
    writer.byte(34);
    writer.string(hashedPassword);
  }
}

/** Encodes `etcdserverpb.AuthUserAddRequest`. */
export function encodeAuthUserAddRequest(message: AuthUserAddRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserAddRequest(message, lengths), lengths);
  writeAuthUserAddRequest(writer, message);
  return writer.finish();
}

function createAuthUserAddRequest(): AuthUserAddRequest {
  return {
    name: "",
    password: "",
    options: undefined,
    hashedPassword: "",
  };
}

/**
 * Asks for the roles of a user.
 *
 * `etcdserverpb.AuthUserGetRequest` as decoded: every field is there.
 */
export interface AuthUserGetRequest {
  name: string;
}

/** {@link AuthUserGetRequest} to encode: what is absent has its default. */
export interface AuthUserGetRequestInit {
  readonly name?: string | undefined;
}

function mergeAuthUserGetRequest(reader: Reader, message: AuthUserGetRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserGetRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserGetRequest(bytes: Uint8Array): AuthUserGetRequest {
  const message = createAuthUserGetRequest();
  mergeAuthUserGetRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserGetRequest(message: AuthUserGetRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  return size;
}

function writeAuthUserGetRequest(writer: Writer, message: AuthUserGetRequestInit): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
}

/** Encodes `etcdserverpb.AuthUserGetRequest`. */
export function encodeAuthUserGetRequest(message: AuthUserGetRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthUserGetRequest(message, noLengths));
  writeAuthUserGetRequest(writer, message);
  return writer.finish();
}

function createAuthUserGetRequest(): AuthUserGetRequest {
  return {
    name: "",
  };
}

/**
 * Deletes a user.
 *
 * `etcdserverpb.AuthUserDeleteRequest` as decoded: every field is there.
 */
export interface AuthUserDeleteRequest {
  name: string;
}

/** {@link AuthUserDeleteRequest} to encode: what is absent has its default. */
export interface AuthUserDeleteRequestInit {
  readonly name?: string | undefined;
}

function mergeAuthUserDeleteRequest(reader: Reader, message: AuthUserDeleteRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserDeleteRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserDeleteRequest(bytes: Uint8Array): AuthUserDeleteRequest {
  const message = createAuthUserDeleteRequest();
  mergeAuthUserDeleteRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserDeleteRequest(message: AuthUserDeleteRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  return size;
}

function writeAuthUserDeleteRequest(writer: Writer, message: AuthUserDeleteRequestInit): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
}

/** Encodes `etcdserverpb.AuthUserDeleteRequest`. */
export function encodeAuthUserDeleteRequest(message: AuthUserDeleteRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthUserDeleteRequest(message, noLengths));
  writeAuthUserDeleteRequest(writer, message);
  return writer.finish();
}

function createAuthUserDeleteRequest(): AuthUserDeleteRequest {
  return {
    name: "",
  };
}

/**
 * Sets a new password.
 *
 * `etcdserverpb.AuthUserChangePasswordRequest` as decoded: every field is there.
 */
export interface AuthUserChangePasswordRequest {
  name: string;
  password: string;
  hashedPassword: string;
}

/** {@link AuthUserChangePasswordRequest} to encode: what is absent has its default. */
export interface AuthUserChangePasswordRequestInit {
  readonly name?: string | undefined;
  readonly password?: string | undefined;
  readonly hashedPassword?: string | undefined;
}

function mergeAuthUserChangePasswordRequest(
  reader: Reader,
  message: AuthUserChangePasswordRequest,
): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      case 18:
        message.password = reader.string();
        break;
      case 26:
        message.hashedPassword = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserChangePasswordRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserChangePasswordRequest(
  bytes: Uint8Array,
): AuthUserChangePasswordRequest {
  const message = createAuthUserChangePasswordRequest();
  mergeAuthUserChangePasswordRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserChangePasswordRequest(
  message: AuthUserChangePasswordRequestInit,
  _lengths: number[],
): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  const password = message.password;
  if (password !== undefined && password !== "") size += 1 + stringSize(password);
  const hashedPassword = message.hashedPassword;
  if (hashedPassword !== undefined && hashedPassword !== "") size += 1 + stringSize(hashedPassword);
  return size;
}

function writeAuthUserChangePasswordRequest(
  writer: Writer,
  message: AuthUserChangePasswordRequestInit,
): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
  const password = message.password;
  if (password !== undefined && password !== "") {
    writer.byte(18);
    writer.string(password);
  }
  const hashedPassword = message.hashedPassword;
  if (hashedPassword !== undefined && hashedPassword !== "") {
    writer.byte(26);
    writer.string(hashedPassword);
  }
}

/** Encodes `etcdserverpb.AuthUserChangePasswordRequest`. */
export function encodeAuthUserChangePasswordRequest(
  message: AuthUserChangePasswordRequestInit,
): Uint8Array {
  const writer = new Writer(sizeAuthUserChangePasswordRequest(message, noLengths));
  writeAuthUserChangePasswordRequest(writer, message);
  return writer.finish();
}

function createAuthUserChangePasswordRequest(): AuthUserChangePasswordRequest {
  return {
    name: "",
    password: "",
    hashedPassword: "",
  };
}

/**
 * Gives a role to a user.
 *
 * `etcdserverpb.AuthUserGrantRoleRequest` as decoded: every field is there.
 */
export interface AuthUserGrantRoleRequest {
  user: string;
  role: string;
}

/** {@link AuthUserGrantRoleRequest} to encode: what is absent has its default. */
export interface AuthUserGrantRoleRequestInit {
  readonly user?: string | undefined;
  readonly role?: string | undefined;
}

function mergeAuthUserGrantRoleRequest(reader: Reader, message: AuthUserGrantRoleRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.user = reader.string();
        break;
      case 18:
        message.role = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserGrantRoleRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserGrantRoleRequest(bytes: Uint8Array): AuthUserGrantRoleRequest {
  const message = createAuthUserGrantRoleRequest();
  mergeAuthUserGrantRoleRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserGrantRoleRequest(
  message: AuthUserGrantRoleRequestInit,
  _lengths: number[],
): number {
  let size = 0;
  const user = message.user;
  if (user !== undefined && user !== "") size += 1 + stringSize(user);
  const role = message.role;
  if (role !== undefined && role !== "") size += 1 + stringSize(role);
  return size;
}

function writeAuthUserGrantRoleRequest(
  writer: Writer,
  message: AuthUserGrantRoleRequestInit,
): void {
  const user = message.user;
  if (user !== undefined && user !== "") {
    writer.byte(10);
    writer.string(user);
  }
  const role = message.role;
  if (role !== undefined && role !== "") {
    writer.byte(18);
    writer.string(role);
  }
}

/** Encodes `etcdserverpb.AuthUserGrantRoleRequest`. */
export function encodeAuthUserGrantRoleRequest(message: AuthUserGrantRoleRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthUserGrantRoleRequest(message, noLengths));
  writeAuthUserGrantRoleRequest(writer, message);
  return writer.finish();
}

function createAuthUserGrantRoleRequest(): AuthUserGrantRoleRequest {
  return {
    user: "",
    role: "",
  };
}

/**
 * Takes a role from a user.
 *
 * `etcdserverpb.AuthUserRevokeRoleRequest` as decoded: every field is there.
 */
export interface AuthUserRevokeRoleRequest {
  name: string;
  role: string;
}

/** {@link AuthUserRevokeRoleRequest} to encode: what is absent has its default. */
export interface AuthUserRevokeRoleRequestInit {
  readonly name?: string | undefined;
  readonly role?: string | undefined;
}

function mergeAuthUserRevokeRoleRequest(reader: Reader, message: AuthUserRevokeRoleRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      case 18:
        message.role = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserRevokeRoleRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserRevokeRoleRequest(bytes: Uint8Array): AuthUserRevokeRoleRequest {
  const message = createAuthUserRevokeRoleRequest();
  mergeAuthUserRevokeRoleRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserRevokeRoleRequest(
  message: AuthUserRevokeRoleRequestInit,
  _lengths: number[],
): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  const role = message.role;
  if (role !== undefined && role !== "") size += 1 + stringSize(role);
  return size;
}

function writeAuthUserRevokeRoleRequest(
  writer: Writer,
  message: AuthUserRevokeRoleRequestInit,
): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
  const role = message.role;
  if (role !== undefined && role !== "") {
    writer.byte(18);
    writer.string(role);
  }
}

/** Encodes `etcdserverpb.AuthUserRevokeRoleRequest`. */
export function encodeAuthUserRevokeRoleRequest(
  message: AuthUserRevokeRoleRequestInit,
): Uint8Array {
  const writer = new Writer(sizeAuthUserRevokeRoleRequest(message, noLengths));
  writeAuthUserRevokeRoleRequest(writer, message);
  return writer.finish();
}

function createAuthUserRevokeRoleRequest(): AuthUserRevokeRoleRequest {
  return {
    name: "",
    role: "",
  };
}

/**
 * Creates a role.
 *
 * `etcdserverpb.AuthRoleAddRequest` as decoded: every field is there.
 */
export interface AuthRoleAddRequest {
  name: string;
}

/** {@link AuthRoleAddRequest} to encode: what is absent has its default. */
export interface AuthRoleAddRequestInit {
  readonly name?: string | undefined;
}

function mergeAuthRoleAddRequest(reader: Reader, message: AuthRoleAddRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleAddRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleAddRequest(bytes: Uint8Array): AuthRoleAddRequest {
  const message = createAuthRoleAddRequest();
  mergeAuthRoleAddRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleAddRequest(message: AuthRoleAddRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  return size;
}

function writeAuthRoleAddRequest(writer: Writer, message: AuthRoleAddRequestInit): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
}

/** Encodes `etcdserverpb.AuthRoleAddRequest`. */
export function encodeAuthRoleAddRequest(message: AuthRoleAddRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthRoleAddRequest(message, noLengths));
  writeAuthRoleAddRequest(writer, message);
  return writer.finish();
}

function createAuthRoleAddRequest(): AuthRoleAddRequest {
  return {
    name: "",
  };
}

/**
 * Asks for the permissions of a role.
 *
 * `etcdserverpb.AuthRoleGetRequest` as decoded: every field is there.
 */
export interface AuthRoleGetRequest {
  role: string;
}

/** {@link AuthRoleGetRequest} to encode: what is absent has its default. */
export interface AuthRoleGetRequestInit {
  readonly role?: string | undefined;
}

function mergeAuthRoleGetRequest(reader: Reader, message: AuthRoleGetRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.role = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleGetRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleGetRequest(bytes: Uint8Array): AuthRoleGetRequest {
  const message = createAuthRoleGetRequest();
  mergeAuthRoleGetRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleGetRequest(message: AuthRoleGetRequestInit, _lengths: number[]): number {
  let size = 0;
  const role = message.role;
  if (role !== undefined && role !== "") size += 1 + stringSize(role);
  return size;
}

function writeAuthRoleGetRequest(writer: Writer, message: AuthRoleGetRequestInit): void {
  const role = message.role;
  if (role !== undefined && role !== "") {
    writer.byte(10);
    writer.string(role);
  }
}

/** Encodes `etcdserverpb.AuthRoleGetRequest`. */
export function encodeAuthRoleGetRequest(message: AuthRoleGetRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthRoleGetRequest(message, noLengths));
  writeAuthRoleGetRequest(writer, message);
  return writer.finish();
}

function createAuthRoleGetRequest(): AuthRoleGetRequest {
  return {
    role: "",
  };
}

/**
 * Asks for all users.
 *
 * `etcdserverpb.AuthUserListRequest` as decoded: every field is there.
 */
export interface AuthUserListRequest {}

/** {@link AuthUserListRequest} to encode: what is absent has its default. */
export interface AuthUserListRequestInit {}

function mergeAuthUserListRequest(reader: Reader, _message: AuthUserListRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.AuthUserListRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserListRequest(bytes: Uint8Array): AuthUserListRequest {
  const message = createAuthUserListRequest();
  mergeAuthUserListRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthUserListRequest(_message: AuthUserListRequestInit, _lengths: number[]): number {
  return 0;
}

function writeAuthUserListRequest(_writer: Writer, _message: AuthUserListRequestInit): void {}

/** Encodes `etcdserverpb.AuthUserListRequest`. */
export function encodeAuthUserListRequest(message: AuthUserListRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthUserListRequest(message, noLengths));
  writeAuthUserListRequest(writer, message);
  return writer.finish();
}

function createAuthUserListRequest(): AuthUserListRequest {
  return {};
}

/**
 * Asks for all roles.
 *
 * `etcdserverpb.AuthRoleListRequest` as decoded: every field is there.
 */
export interface AuthRoleListRequest {}

/** {@link AuthRoleListRequest} to encode: what is absent has its default. */
export interface AuthRoleListRequestInit {}

function mergeAuthRoleListRequest(reader: Reader, _message: AuthRoleListRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleListRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleListRequest(bytes: Uint8Array): AuthRoleListRequest {
  const message = createAuthRoleListRequest();
  mergeAuthRoleListRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleListRequest(_message: AuthRoleListRequestInit, _lengths: number[]): number {
  return 0;
}

function writeAuthRoleListRequest(_writer: Writer, _message: AuthRoleListRequestInit): void {}

/** Encodes `etcdserverpb.AuthRoleListRequest`. */
export function encodeAuthRoleListRequest(message: AuthRoleListRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthRoleListRequest(message, noLengths));
  writeAuthRoleListRequest(writer, message);
  return writer.finish();
}

function createAuthRoleListRequest(): AuthRoleListRequest {
  return {};
}

/**
 * Deletes a role.
 *
 * `etcdserverpb.AuthRoleDeleteRequest` as decoded: every field is there.
 */
export interface AuthRoleDeleteRequest {
  role: string;
}

/** {@link AuthRoleDeleteRequest} to encode: what is absent has its default. */
export interface AuthRoleDeleteRequestInit {
  readonly role?: string | undefined;
}

function mergeAuthRoleDeleteRequest(reader: Reader, message: AuthRoleDeleteRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.role = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleDeleteRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleDeleteRequest(bytes: Uint8Array): AuthRoleDeleteRequest {
  const message = createAuthRoleDeleteRequest();
  mergeAuthRoleDeleteRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleDeleteRequest(message: AuthRoleDeleteRequestInit, _lengths: number[]): number {
  let size = 0;
  const role = message.role;
  if (role !== undefined && role !== "") size += 1 + stringSize(role);
  return size;
}

function writeAuthRoleDeleteRequest(writer: Writer, message: AuthRoleDeleteRequestInit): void {
  const role = message.role;
  if (role !== undefined && role !== "") {
    writer.byte(10);
    writer.string(role);
  }
}

/** Encodes `etcdserverpb.AuthRoleDeleteRequest`. */
export function encodeAuthRoleDeleteRequest(message: AuthRoleDeleteRequestInit): Uint8Array {
  const writer = new Writer(sizeAuthRoleDeleteRequest(message, noLengths));
  writeAuthRoleDeleteRequest(writer, message);
  return writer.finish();
}

function createAuthRoleDeleteRequest(): AuthRoleDeleteRequest {
  return {
    role: "",
  };
}

/**
 * Adds a permission to a role.
 *
 * `etcdserverpb.AuthRoleGrantPermissionRequest` as decoded: every field is there.
 */
export interface AuthRoleGrantPermissionRequest {
  name: string;
  perm: Permission | undefined;
}

/** {@link AuthRoleGrantPermissionRequest} to encode: what is absent has its default. */
export interface AuthRoleGrantPermissionRequestInit {
  readonly name?: string | undefined;
  readonly perm?: PermissionInit | undefined;
}

function mergeAuthRoleGrantPermissionRequest(
  reader: Reader,
  message: AuthRoleGrantPermissionRequest,
): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.string();
        break;
      case 18: {
        const outerEnd = reader.enter();
        const nested = (message.perm ??= createPermission());
        mergePermission(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleGrantPermissionRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleGrantPermissionRequest(
  bytes: Uint8Array,
): AuthRoleGrantPermissionRequest {
  const message = createAuthRoleGrantPermissionRequest();
  mergeAuthRoleGrantPermissionRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleGrantPermissionRequest(
  message: AuthRoleGrantPermissionRequestInit,
  lengths: number[],
): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name !== "") size += 1 + stringSize(name);
  const perm = message.perm;
  if (perm !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizePermission(perm, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeAuthRoleGrantPermissionRequest(
  writer: Writer,
  message: AuthRoleGrantPermissionRequestInit,
): void {
  const name = message.name;
  if (name !== undefined && name !== "") {
    writer.byte(10);
    writer.string(name);
  }
  const perm = message.perm;
  if (perm !== undefined) {
    writer.byte(18);
    writer.nestedLength();
    writePermission(writer, perm);
  }
}

/** Encodes `etcdserverpb.AuthRoleGrantPermissionRequest`. */
export function encodeAuthRoleGrantPermissionRequest(
  message: AuthRoleGrantPermissionRequestInit,
): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleGrantPermissionRequest(message, lengths), lengths);
  writeAuthRoleGrantPermissionRequest(writer, message);
  return writer.finish();
}

function createAuthRoleGrantPermissionRequest(): AuthRoleGrantPermissionRequest {
  return {
    name: "",
    perm: undefined,
  };
}

/**
 * Removes the permission with exactly this interval from a role.
 *
 * `etcdserverpb.AuthRoleRevokePermissionRequest` as decoded: every field is there.
 */
export interface AuthRoleRevokePermissionRequest {
  role: string;
  key: Uint8Array;
  rangeEnd: Uint8Array;
}

/** {@link AuthRoleRevokePermissionRequest} to encode: what is absent has its default. */
export interface AuthRoleRevokePermissionRequestInit {
  readonly role?: string | undefined;
  readonly key?: Uint8Array | undefined;
  readonly rangeEnd?: Uint8Array | undefined;
}

function mergeAuthRoleRevokePermissionRequest(
  reader: Reader,
  message: AuthRoleRevokePermissionRequest,
): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.role = reader.string();
        break;
      case 18:
        message.key = reader.view();
        break;
      case 26:
        message.rangeEnd = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleRevokePermissionRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleRevokePermissionRequest(
  bytes: Uint8Array,
): AuthRoleRevokePermissionRequest {
  const message = createAuthRoleRevokePermissionRequest();
  mergeAuthRoleRevokePermissionRequest(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleRevokePermissionRequest(
  message: AuthRoleRevokePermissionRequestInit,
  _lengths: number[],
): number {
  let size = 0;
  const role = message.role;
  if (role !== undefined && role !== "") size += 1 + stringSize(role);
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) size += 1 + bytesSize(rangeEnd.length);
  return size;
}

function writeAuthRoleRevokePermissionRequest(
  writer: Writer,
  message: AuthRoleRevokePermissionRequestInit,
): void {
  const role = message.role;
  if (role !== undefined && role !== "") {
    writer.byte(10);
    writer.string(role);
  }
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(18);
    writer.view(key);
  }
  const rangeEnd = message.rangeEnd;
  if (rangeEnd !== undefined && rangeEnd.length > 0) {
    writer.byte(26);
    writer.view(rangeEnd);
  }
}

/** Encodes `etcdserverpb.AuthRoleRevokePermissionRequest`. */
export function encodeAuthRoleRevokePermissionRequest(
  message: AuthRoleRevokePermissionRequestInit,
): Uint8Array {
  const writer = new Writer(sizeAuthRoleRevokePermissionRequest(message, noLengths));
  writeAuthRoleRevokePermissionRequest(writer, message);
  return writer.finish();
}

function createAuthRoleRevokePermissionRequest(): AuthRoleRevokePermissionRequest {
  return {
    role: "",
    key: emptyBytes,
    rangeEnd: emptyBytes,
  };
}

/**
 * Answer to AuthEnableRequest.
 *
 * `etcdserverpb.AuthEnableResponse` as decoded: every field is there.
 */
export interface AuthEnableResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthEnableResponse} to encode: what is absent has its default. */
export interface AuthEnableResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthEnableResponse(reader: Reader, message: AuthEnableResponse): void {
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
 * Decodes `etcdserverpb.AuthEnableResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthEnableResponse(bytes: Uint8Array): AuthEnableResponse {
  const message = createAuthEnableResponse();
  mergeAuthEnableResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthEnableResponse(message: AuthEnableResponseInit, lengths: number[]): number {
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

function writeAuthEnableResponse(writer: Writer, message: AuthEnableResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthEnableResponse`. */
export function encodeAuthEnableResponse(message: AuthEnableResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthEnableResponse(message, lengths), lengths);
  writeAuthEnableResponse(writer, message);
  return writer.finish();
}

function createAuthEnableResponse(): AuthEnableResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthDisableRequest.
 *
 * `etcdserverpb.AuthDisableResponse` as decoded: every field is there.
 */
export interface AuthDisableResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthDisableResponse} to encode: what is absent has its default. */
export interface AuthDisableResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthDisableResponse(reader: Reader, message: AuthDisableResponse): void {
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
 * Decodes `etcdserverpb.AuthDisableResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthDisableResponse(bytes: Uint8Array): AuthDisableResponse {
  const message = createAuthDisableResponse();
  mergeAuthDisableResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthDisableResponse(message: AuthDisableResponseInit, lengths: number[]): number {
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

function writeAuthDisableResponse(writer: Writer, message: AuthDisableResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthDisableResponse`. */
export function encodeAuthDisableResponse(message: AuthDisableResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthDisableResponse(message, lengths), lengths);
  writeAuthDisableResponse(writer, message);
  return writer.finish();
}

function createAuthDisableResponse(): AuthDisableResponse {
  return {
    header: undefined,
  };
}

/**
 * Whether authentication is on and the revision of its store.
 *
 * `etcdserverpb.AuthStatusResponse` as decoded: every field is there.
 */
export interface AuthStatusResponse {
  header: ResponseHeader | undefined;
  enabled: boolean;
  authRevision: number;
}

/** {@link AuthStatusResponse} to encode: what is absent has its default. */
export interface AuthStatusResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly enabled?: boolean | undefined;
  readonly authRevision?: number | undefined;
}

function mergeAuthStatusResponse(reader: Reader, message: AuthStatusResponse): void {
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
      case 16:
        message.enabled = reader.bool();
        break;
      case 24:
        message.authRevision = reader.uint64();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthStatusResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthStatusResponse(bytes: Uint8Array): AuthStatusResponse {
  const message = createAuthStatusResponse();
  mergeAuthStatusResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthStatusResponse(message: AuthStatusResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const enabled = message.enabled;
  if (enabled === true) size += 1 + 1;
  const authRevision = message.authRevision;
  if (authRevision !== undefined && authRevision !== 0) size += 1 + uint64Size(authRevision);
  return size;
}

function writeAuthStatusResponse(writer: Writer, message: AuthStatusResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const enabled = message.enabled;
  if (enabled === true) {
    writer.byte(16);
    writer.byte(enabled ? 1 : 0);
  }
  const authRevision = message.authRevision;
  if (authRevision !== undefined && authRevision !== 0) {
    writer.byte(24);
    writer.varint(authRevision);
  }
}

/** Encodes `etcdserverpb.AuthStatusResponse`. */
export function encodeAuthStatusResponse(message: AuthStatusResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthStatusResponse(message, lengths), lengths);
  writeAuthStatusResponse(writer, message);
  return writer.finish();
}

function createAuthStatusResponse(): AuthStatusResponse {
  return {
    header: undefined,
    enabled: false,
    authRevision: 0,
  };
}

/**
 * The token to send with further calls.
 *
 * `etcdserverpb.AuthenticateResponse` as decoded: every field is there.
 */
export interface AuthenticateResponse {
  header: ResponseHeader | undefined;
  token: string;
}

/** {@link AuthenticateResponse} to encode: what is absent has its default. */
export interface AuthenticateResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly token?: string | undefined;
}

function mergeAuthenticateResponse(reader: Reader, message: AuthenticateResponse): void {
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
        message.token = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthenticateResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthenticateResponse(bytes: Uint8Array): AuthenticateResponse {
  const message = createAuthenticateResponse();
  mergeAuthenticateResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthenticateResponse(message: AuthenticateResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const token = message.token;
  if (token !== undefined && token !== "") size += 1 + stringSize(token);
  return size;
}

function writeAuthenticateResponse(writer: Writer, message: AuthenticateResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const token = message.token;
  if (token !== undefined && token !== "") {
    writer.byte(18);
    writer.string(token);
  }
}

/** Encodes `etcdserverpb.AuthenticateResponse`. */
export function encodeAuthenticateResponse(message: AuthenticateResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthenticateResponse(message, lengths), lengths);
  writeAuthenticateResponse(writer, message);
  return writer.finish();
}

function createAuthenticateResponse(): AuthenticateResponse {
  return {
    header: undefined,
    token: "",
  };
}

/**
 * Answer to AuthUserAddRequest.
 *
 * `etcdserverpb.AuthUserAddResponse` as decoded: every field is there.
 */
export interface AuthUserAddResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthUserAddResponse} to encode: what is absent has its default. */
export interface AuthUserAddResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthUserAddResponse(reader: Reader, message: AuthUserAddResponse): void {
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
 * Decodes `etcdserverpb.AuthUserAddResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserAddResponse(bytes: Uint8Array): AuthUserAddResponse {
  const message = createAuthUserAddResponse();
  mergeAuthUserAddResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserAddResponse(message: AuthUserAddResponseInit, lengths: number[]): number {
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

function writeAuthUserAddResponse(writer: Writer, message: AuthUserAddResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthUserAddResponse`. */
export function encodeAuthUserAddResponse(message: AuthUserAddResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserAddResponse(message, lengths), lengths);
  writeAuthUserAddResponse(writer, message);
  return writer.finish();
}

function createAuthUserAddResponse(): AuthUserAddResponse {
  return {
    header: undefined,
  };
}

/**
 * The roles of the user.
 *
 * `etcdserverpb.AuthUserGetResponse` as decoded: every field is there.
 */
export interface AuthUserGetResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

/** {@link AuthUserGetResponse} to encode: what is absent has its default. */
export interface AuthUserGetResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly roles?: readonly string[] | undefined;
}

function mergeAuthUserGetResponse(reader: Reader, message: AuthUserGetResponse): void {
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
        message.roles.push(reader.string());
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserGetResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserGetResponse(bytes: Uint8Array): AuthUserGetResponse {
  const message = createAuthUserGetResponse();
  mergeAuthUserGetResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserGetResponse(message: AuthUserGetResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const roles = message.roles;
  if (roles !== undefined) {
    for (const item of roles) {
      size += 1 + stringSize(item);
    }
  }
  return size;
}

function writeAuthUserGetResponse(writer: Writer, message: AuthUserGetResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const roles = message.roles;
  if (roles !== undefined) {
    for (const item of roles) {
      writer.byte(18);
      writer.string(item);
    }
  }
}

/** Encodes `etcdserverpb.AuthUserGetResponse`. */
export function encodeAuthUserGetResponse(message: AuthUserGetResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserGetResponse(message, lengths), lengths);
  writeAuthUserGetResponse(writer, message);
  return writer.finish();
}

function createAuthUserGetResponse(): AuthUserGetResponse {
  return {
    header: undefined,
    roles: [],
  };
}

/**
 * Answer to AuthUserDeleteRequest.
 *
 * `etcdserverpb.AuthUserDeleteResponse` as decoded: every field is there.
 */
export interface AuthUserDeleteResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthUserDeleteResponse} to encode: what is absent has its default. */
export interface AuthUserDeleteResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthUserDeleteResponse(reader: Reader, message: AuthUserDeleteResponse): void {
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
 * Decodes `etcdserverpb.AuthUserDeleteResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserDeleteResponse(bytes: Uint8Array): AuthUserDeleteResponse {
  const message = createAuthUserDeleteResponse();
  mergeAuthUserDeleteResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserDeleteResponse(
  message: AuthUserDeleteResponseInit,
  lengths: number[],
): number {
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

function writeAuthUserDeleteResponse(writer: Writer, message: AuthUserDeleteResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthUserDeleteResponse`. */
export function encodeAuthUserDeleteResponse(message: AuthUserDeleteResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserDeleteResponse(message, lengths), lengths);
  writeAuthUserDeleteResponse(writer, message);
  return writer.finish();
}

function createAuthUserDeleteResponse(): AuthUserDeleteResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthUserChangePasswordRequest.
 *
 * `etcdserverpb.AuthUserChangePasswordResponse` as decoded: every field is there.
 */
export interface AuthUserChangePasswordResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthUserChangePasswordResponse} to encode: what is absent has its default. */
export interface AuthUserChangePasswordResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthUserChangePasswordResponse(
  reader: Reader,
  message: AuthUserChangePasswordResponse,
): void {
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
 * Decodes `etcdserverpb.AuthUserChangePasswordResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserChangePasswordResponse(
  bytes: Uint8Array,
): AuthUserChangePasswordResponse {
  const message = createAuthUserChangePasswordResponse();
  mergeAuthUserChangePasswordResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserChangePasswordResponse(
  message: AuthUserChangePasswordResponseInit,
  lengths: number[],
): number {
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

function writeAuthUserChangePasswordResponse(
  writer: Writer,
  message: AuthUserChangePasswordResponseInit,
): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthUserChangePasswordResponse`. */
export function encodeAuthUserChangePasswordResponse(
  message: AuthUserChangePasswordResponseInit,
): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserChangePasswordResponse(message, lengths), lengths);
  writeAuthUserChangePasswordResponse(writer, message);
  return writer.finish();
}

function createAuthUserChangePasswordResponse(): AuthUserChangePasswordResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthUserGrantRoleRequest.
 *
 * `etcdserverpb.AuthUserGrantRoleResponse` as decoded: every field is there.
 */
export interface AuthUserGrantRoleResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthUserGrantRoleResponse} to encode: what is absent has its default. */
export interface AuthUserGrantRoleResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthUserGrantRoleResponse(reader: Reader, message: AuthUserGrantRoleResponse): void {
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
 * Decodes `etcdserverpb.AuthUserGrantRoleResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserGrantRoleResponse(bytes: Uint8Array): AuthUserGrantRoleResponse {
  const message = createAuthUserGrantRoleResponse();
  mergeAuthUserGrantRoleResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserGrantRoleResponse(
  message: AuthUserGrantRoleResponseInit,
  lengths: number[],
): number {
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

function writeAuthUserGrantRoleResponse(
  writer: Writer,
  message: AuthUserGrantRoleResponseInit,
): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthUserGrantRoleResponse`. */
export function encodeAuthUserGrantRoleResponse(
  message: AuthUserGrantRoleResponseInit,
): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserGrantRoleResponse(message, lengths), lengths);
  writeAuthUserGrantRoleResponse(writer, message);
  return writer.finish();
}

function createAuthUserGrantRoleResponse(): AuthUserGrantRoleResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthUserRevokeRoleRequest.
 *
 * `etcdserverpb.AuthUserRevokeRoleResponse` as decoded: every field is there.
 */
export interface AuthUserRevokeRoleResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthUserRevokeRoleResponse} to encode: what is absent has its default. */
export interface AuthUserRevokeRoleResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthUserRevokeRoleResponse(
  reader: Reader,
  message: AuthUserRevokeRoleResponse,
): void {
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
 * Decodes `etcdserverpb.AuthUserRevokeRoleResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserRevokeRoleResponse(bytes: Uint8Array): AuthUserRevokeRoleResponse {
  const message = createAuthUserRevokeRoleResponse();
  mergeAuthUserRevokeRoleResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserRevokeRoleResponse(
  message: AuthUserRevokeRoleResponseInit,
  lengths: number[],
): number {
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

function writeAuthUserRevokeRoleResponse(
  writer: Writer,
  message: AuthUserRevokeRoleResponseInit,
): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthUserRevokeRoleResponse`. */
export function encodeAuthUserRevokeRoleResponse(
  message: AuthUserRevokeRoleResponseInit,
): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserRevokeRoleResponse(message, lengths), lengths);
  writeAuthUserRevokeRoleResponse(writer, message);
  return writer.finish();
}

function createAuthUserRevokeRoleResponse(): AuthUserRevokeRoleResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthRoleAddRequest.
 *
 * `etcdserverpb.AuthRoleAddResponse` as decoded: every field is there.
 */
export interface AuthRoleAddResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthRoleAddResponse} to encode: what is absent has its default. */
export interface AuthRoleAddResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthRoleAddResponse(reader: Reader, message: AuthRoleAddResponse): void {
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
 * Decodes `etcdserverpb.AuthRoleAddResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleAddResponse(bytes: Uint8Array): AuthRoleAddResponse {
  const message = createAuthRoleAddResponse();
  mergeAuthRoleAddResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleAddResponse(message: AuthRoleAddResponseInit, lengths: number[]): number {
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

function writeAuthRoleAddResponse(writer: Writer, message: AuthRoleAddResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthRoleAddResponse`. */
export function encodeAuthRoleAddResponse(message: AuthRoleAddResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleAddResponse(message, lengths), lengths);
  writeAuthRoleAddResponse(writer, message);
  return writer.finish();
}

function createAuthRoleAddResponse(): AuthRoleAddResponse {
  return {
    header: undefined,
  };
}

/**
 * The permissions of the role.
 *
 * `etcdserverpb.AuthRoleGetResponse` as decoded: every field is there.
 */
export interface AuthRoleGetResponse {
  header: ResponseHeader | undefined;
  perm: Permission[];
}

/** {@link AuthRoleGetResponse} to encode: what is absent has its default. */
export interface AuthRoleGetResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly perm?: readonly PermissionInit[] | undefined;
}

function mergeAuthRoleGetResponse(reader: Reader, message: AuthRoleGetResponse): void {
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
      case 18: {
        const outerEnd = reader.enter();
        const nested = createPermission();
        message.perm.push(nested);
        mergePermission(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleGetResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleGetResponse(bytes: Uint8Array): AuthRoleGetResponse {
  const message = createAuthRoleGetResponse();
  mergeAuthRoleGetResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleGetResponse(message: AuthRoleGetResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const perm = message.perm;
  if (perm !== undefined) {
    for (const item of perm) {
      const slot = lengths.push(0) - 1;
      const nestedSize = sizePermission(item, lengths);
      lengths[slot] = nestedSize;
      size += 1 + bytesSize(nestedSize);
    }
  }
  return size;
}

function writeAuthRoleGetResponse(writer: Writer, message: AuthRoleGetResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const perm = message.perm;
  if (perm !== undefined) {
    for (const item of perm) {
      writer.byte(18);
      writer.nestedLength();
      writePermission(writer, item);
    }
  }
}

/** Encodes `etcdserverpb.AuthRoleGetResponse`. */
export function encodeAuthRoleGetResponse(message: AuthRoleGetResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleGetResponse(message, lengths), lengths);
  writeAuthRoleGetResponse(writer, message);
  return writer.finish();
}

function createAuthRoleGetResponse(): AuthRoleGetResponse {
  return {
    header: undefined,
    perm: [],
  };
}

/**
 * The names of all roles.
 *
 * `etcdserverpb.AuthRoleListResponse` as decoded: every field is there.
 */
export interface AuthRoleListResponse {
  header: ResponseHeader | undefined;
  roles: string[];
}

/** {@link AuthRoleListResponse} to encode: what is absent has its default. */
export interface AuthRoleListResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly roles?: readonly string[] | undefined;
}

function mergeAuthRoleListResponse(reader: Reader, message: AuthRoleListResponse): void {
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
        message.roles.push(reader.string());
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthRoleListResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleListResponse(bytes: Uint8Array): AuthRoleListResponse {
  const message = createAuthRoleListResponse();
  mergeAuthRoleListResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleListResponse(message: AuthRoleListResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const roles = message.roles;
  if (roles !== undefined) {
    for (const item of roles) {
      size += 1 + stringSize(item);
    }
  }
  return size;
}

function writeAuthRoleListResponse(writer: Writer, message: AuthRoleListResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const roles = message.roles;
  if (roles !== undefined) {
    for (const item of roles) {
      writer.byte(18);
      writer.string(item);
    }
  }
}

/** Encodes `etcdserverpb.AuthRoleListResponse`. */
export function encodeAuthRoleListResponse(message: AuthRoleListResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleListResponse(message, lengths), lengths);
  writeAuthRoleListResponse(writer, message);
  return writer.finish();
}

function createAuthRoleListResponse(): AuthRoleListResponse {
  return {
    header: undefined,
    roles: [],
  };
}

/**
 * The names of all users.
 *
 * `etcdserverpb.AuthUserListResponse` as decoded: every field is there.
 */
export interface AuthUserListResponse {
  header: ResponseHeader | undefined;
  users: string[];
}

/** {@link AuthUserListResponse} to encode: what is absent has its default. */
export interface AuthUserListResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly users?: readonly string[] | undefined;
}

function mergeAuthUserListResponse(reader: Reader, message: AuthUserListResponse): void {
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
        message.users.push(reader.string());
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `etcdserverpb.AuthUserListResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthUserListResponse(bytes: Uint8Array): AuthUserListResponse {
  const message = createAuthUserListResponse();
  mergeAuthUserListResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthUserListResponse(message: AuthUserListResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const users = message.users;
  if (users !== undefined) {
    for (const item of users) {
      size += 1 + stringSize(item);
    }
  }
  return size;
}

function writeAuthUserListResponse(writer: Writer, message: AuthUserListResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const users = message.users;
  if (users !== undefined) {
    for (const item of users) {
      writer.byte(18);
      writer.string(item);
    }
  }
}

/** Encodes `etcdserverpb.AuthUserListResponse`. */
export function encodeAuthUserListResponse(message: AuthUserListResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthUserListResponse(message, lengths), lengths);
  writeAuthUserListResponse(writer, message);
  return writer.finish();
}

function createAuthUserListResponse(): AuthUserListResponse {
  return {
    header: undefined,
    users: [],
  };
}

/**
 * Answer to AuthRoleDeleteRequest.
 *
 * `etcdserverpb.AuthRoleDeleteResponse` as decoded: every field is there.
 */
export interface AuthRoleDeleteResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthRoleDeleteResponse} to encode: what is absent has its default. */
export interface AuthRoleDeleteResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthRoleDeleteResponse(reader: Reader, message: AuthRoleDeleteResponse): void {
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
 * Decodes `etcdserverpb.AuthRoleDeleteResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleDeleteResponse(bytes: Uint8Array): AuthRoleDeleteResponse {
  const message = createAuthRoleDeleteResponse();
  mergeAuthRoleDeleteResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleDeleteResponse(
  message: AuthRoleDeleteResponseInit,
  lengths: number[],
): number {
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

function writeAuthRoleDeleteResponse(writer: Writer, message: AuthRoleDeleteResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthRoleDeleteResponse`. */
export function encodeAuthRoleDeleteResponse(message: AuthRoleDeleteResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleDeleteResponse(message, lengths), lengths);
  writeAuthRoleDeleteResponse(writer, message);
  return writer.finish();
}

function createAuthRoleDeleteResponse(): AuthRoleDeleteResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthRoleGrantPermissionRequest.
 *
 * `etcdserverpb.AuthRoleGrantPermissionResponse` as decoded: every field is there.
 */
export interface AuthRoleGrantPermissionResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthRoleGrantPermissionResponse} to encode: what is absent has its default. */
export interface AuthRoleGrantPermissionResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthRoleGrantPermissionResponse(
  reader: Reader,
  message: AuthRoleGrantPermissionResponse,
): void {
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
 * Decodes `etcdserverpb.AuthRoleGrantPermissionResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleGrantPermissionResponse(
  bytes: Uint8Array,
): AuthRoleGrantPermissionResponse {
  const message = createAuthRoleGrantPermissionResponse();
  mergeAuthRoleGrantPermissionResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleGrantPermissionResponse(
  message: AuthRoleGrantPermissionResponseInit,
  lengths: number[],
): number {
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

function writeAuthRoleGrantPermissionResponse(
  writer: Writer,
  message: AuthRoleGrantPermissionResponseInit,
): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthRoleGrantPermissionResponse`. */
export function encodeAuthRoleGrantPermissionResponse(
  message: AuthRoleGrantPermissionResponseInit,
): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleGrantPermissionResponse(message, lengths), lengths);
  writeAuthRoleGrantPermissionResponse(writer, message);
  return writer.finish();
}

function createAuthRoleGrantPermissionResponse(): AuthRoleGrantPermissionResponse {
  return {
    header: undefined,
  };
}

/**
 * Answer to AuthRoleRevokePermissionRequest.
 *
 * `etcdserverpb.AuthRoleRevokePermissionResponse` as decoded: every field is there.
 */
export interface AuthRoleRevokePermissionResponse {
  header: ResponseHeader | undefined;
}

/** {@link AuthRoleRevokePermissionResponse} to encode: what is absent has its default. */
export interface AuthRoleRevokePermissionResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeAuthRoleRevokePermissionResponse(
  reader: Reader,
  message: AuthRoleRevokePermissionResponse,
): void {
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
 * Decodes `etcdserverpb.AuthRoleRevokePermissionResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeAuthRoleRevokePermissionResponse(
  bytes: Uint8Array,
): AuthRoleRevokePermissionResponse {
  const message = createAuthRoleRevokePermissionResponse();
  mergeAuthRoleRevokePermissionResponse(new Reader(bytes), message);
  return message;
}

function sizeAuthRoleRevokePermissionResponse(
  message: AuthRoleRevokePermissionResponseInit,
  lengths: number[],
): number {
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

function writeAuthRoleRevokePermissionResponse(
  writer: Writer,
  message: AuthRoleRevokePermissionResponseInit,
): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `etcdserverpb.AuthRoleRevokePermissionResponse`. */
export function encodeAuthRoleRevokePermissionResponse(
  message: AuthRoleRevokePermissionResponseInit,
): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeAuthRoleRevokePermissionResponse(message, lengths), lengths);
  writeAuthRoleRevokePermissionResponse(writer, message);
  return writer.finish();
}

function createAuthRoleRevokePermissionResponse(): AuthRoleRevokePermissionResponse {
  return {
    header: undefined,
  };
}

/**
 * One slice of the answer to a streamed range.
 *
 * `etcdserverpb.RangeStreamResponse` as decoded: every field is there.
 */
export interface RangeStreamResponse {
  rangeResponse: RangeResponse | undefined;
}

/** {@link RangeStreamResponse} to encode: what is absent has its default. */
export interface RangeStreamResponseInit {
  readonly rangeResponse?: RangeResponseInit | undefined;
}

function mergeRangeStreamResponse(reader: Reader, message: RangeStreamResponse): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = (message.rangeResponse ??= createRangeResponse());
        mergeRangeResponse(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `etcdserverpb.RangeStreamResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeRangeStreamResponse(bytes: Uint8Array): RangeStreamResponse {
  const message = createRangeStreamResponse();
  mergeRangeStreamResponse(new Reader(bytes), message);
  return message;
}

function sizeRangeStreamResponse(message: RangeStreamResponseInit, lengths: number[]): number {
  let size = 0;
  const rangeResponse = message.rangeResponse;
  if (rangeResponse !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeRangeResponse(rangeResponse, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeRangeStreamResponse(writer: Writer, message: RangeStreamResponseInit): void {
  const rangeResponse = message.rangeResponse;
  if (rangeResponse !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeRangeResponse(writer, rangeResponse);
  }
}

/** Encodes `etcdserverpb.RangeStreamResponse`. */
export function encodeRangeStreamResponse(message: RangeStreamResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeRangeStreamResponse(message, lengths), lengths);
  writeRangeStreamResponse(writer, message);
  return writer.finish();
}

function createRangeStreamResponse(): RangeStreamResponse {
  return {
    rangeResponse: undefined,
  };
}
