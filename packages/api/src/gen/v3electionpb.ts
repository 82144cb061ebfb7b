// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.
import { bytesSize, int64ExactSize, int64Size, Writer } from "../writer.ts";
import {
  createKeyValue,
  mergeKeyValue,
  sizeKeyValue,
  writeKeyValue,
  type KeyValue,
  type KeyValueInit,
} from "./mvccpb.ts";
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
 * Waits to become the leader of an election.
 *
 * `v3electionpb.CampaignRequest` as decoded: every field is there.
 */
export interface CampaignRequest {
  name: Uint8Array;
  lease: bigint;
  value: Uint8Array;
}

/** {@link CampaignRequest} to encode: what is absent has its default. */
export interface CampaignRequestInit {
  readonly name?: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
  readonly value?: Uint8Array | undefined;
}

function mergeCampaignRequest(reader: Reader, message: CampaignRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.view();
        break;
      case 16:
        message.lease = reader.int64Exact();
        break;
      case 26:
        message.value = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 3);
    }
  }
}

/**
 * Decodes `v3electionpb.CampaignRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeCampaignRequest(bytes: Uint8Array): CampaignRequest {
  const message = createCampaignRequest();
  mergeCampaignRequest(new Reader(bytes), message);
  return message;
}

function sizeCampaignRequest(message: CampaignRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name.length > 0) size += 1 + bytesSize(name.length);
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) size += 1 + int64ExactSize(lease);
  const value = message.value;
  if (value !== undefined && value.length > 0) size += 1 + bytesSize(value.length);
  return size;
}

function writeCampaignRequest(writer: Writer, message: CampaignRequestInit): void {
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
  const value = message.value;
  if (value !== undefined && value.length > 0) {
    writer.byte(26);
    writer.view(value);
  }
}

/** Encodes `v3electionpb.CampaignRequest`. */
export function encodeCampaignRequest(message: CampaignRequestInit): Uint8Array {
  const writer = new Writer(sizeCampaignRequest(message, noLengths));
  writeCampaignRequest(writer, message);
  return writer.finish();
}

function createCampaignRequest(): CampaignRequest {
  return {
    name: emptyBytes,
    lease: 0n,
    value: emptyBytes,
  };
}

/**
 * The key that proves leadership.
 *
 * `v3electionpb.CampaignResponse` as decoded: every field is there.
 */
export interface CampaignResponse {
  header: ResponseHeader | undefined;
  leader: LeaderKey | undefined;
}

/** {@link CampaignResponse} to encode: what is absent has its default. */
export interface CampaignResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly leader?: LeaderKeyInit | undefined;
}

function mergeCampaignResponse(reader: Reader, message: CampaignResponse): void {
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
        const nested = (message.leader ??= createLeaderKey());
        mergeLeaderKey(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `v3electionpb.CampaignResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeCampaignResponse(bytes: Uint8Array): CampaignResponse {
  const message = createCampaignResponse();
  mergeCampaignResponse(new Reader(bytes), message);
  return message;
}

function sizeCampaignResponse(message: CampaignResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const leader = message.leader;
  if (leader !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeLeaderKey(leader, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeCampaignResponse(writer: Writer, message: CampaignResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const leader = message.leader;
  if (leader !== undefined) {
    writer.byte(18);
    writer.nestedLength();
    writeLeaderKey(writer, leader);
  }
}

/** Encodes `v3electionpb.CampaignResponse`. */
export function encodeCampaignResponse(message: CampaignResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeCampaignResponse(message, lengths), lengths);
  writeCampaignResponse(writer, message);
  return writer.finish();
}

function createCampaignResponse(): CampaignResponse {
  return {
    header: undefined,
    leader: undefined,
  };
}

/**
 * Names the key by which a leader holds its election.
 *
 * `v3electionpb.LeaderKey` as decoded: every field is there.
 */
export interface LeaderKey {
  name: Uint8Array;
  key: Uint8Array;
  rev: number;
  lease: bigint;
}

/** {@link LeaderKey} to encode: what is absent has its default. */
export interface LeaderKeyInit {
  readonly name?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  readonly rev?: number | undefined;
  readonly lease?: bigint | undefined;
}

function mergeLeaderKey(reader: Reader, message: LeaderKey): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.view();
        break;
      case 18:
        message.key = reader.view();
        break;
      case 24:
        message.rev = reader.int64();
        break;
      case 32:
        message.lease = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 4);
    }
  }
}

/**
 * Decodes `v3electionpb.LeaderKey`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaderKey(bytes: Uint8Array): LeaderKey {
  const message = createLeaderKey();
  mergeLeaderKey(new Reader(bytes), message);
  return message;
}

function sizeLeaderKey(message: LeaderKeyInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name.length > 0) size += 1 + bytesSize(name.length);
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const rev = message.rev;
  if (rev !== undefined && rev !== 0) size += 1 + int64Size(rev);
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) size += 1 + int64ExactSize(lease);
  return size;
}

function writeLeaderKey(writer: Writer, message: LeaderKeyInit): void {
  const name = message.name;
  if (name !== undefined && name.length > 0) {
    writer.byte(10);
    writer.view(name);
  }
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(18);
    writer.view(key);
  }
  const rev = message.rev;
  if (rev !== undefined && rev !== 0) {
    writer.byte(24);
    writer.varint(rev);
  }
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) {
    writer.byte(32);
    writer.varintExact(lease);
  }
}

/** Encodes `v3electionpb.LeaderKey`. */
export function encodeLeaderKey(message: LeaderKeyInit): Uint8Array {
  const writer = new Writer(sizeLeaderKey(message, noLengths));
  writeLeaderKey(writer, message);
  return writer.finish();
}

function createLeaderKey(): LeaderKey {
  return {
    name: emptyBytes,
    key: emptyBytes,
    rev: 0,
    lease: 0n,
  };
}

/**
 * Asks who leads an election.
 *
 * `v3electionpb.LeaderRequest` as decoded: every field is there.
 */
export interface LeaderRequest {
  name: Uint8Array;
}

/** {@link LeaderRequest} to encode: what is absent has its default. */
export interface LeaderRequestInit {
  readonly name?: Uint8Array | undefined;
}

function mergeLeaderRequest(reader: Reader, message: LeaderRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.name = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `v3electionpb.LeaderRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaderRequest(bytes: Uint8Array): LeaderRequest {
  const message = createLeaderRequest();
  mergeLeaderRequest(new Reader(bytes), message);
  return message;
}

function sizeLeaderRequest(message: LeaderRequestInit, _lengths: number[]): number {
  let size = 0;
  const name = message.name;
  if (name !== undefined && name.length > 0) size += 1 + bytesSize(name.length);
  return size;
}

function writeLeaderRequest(writer: Writer, message: LeaderRequestInit): void {
  const name = message.name;
  if (name !== undefined && name.length > 0) {
    writer.byte(10);
    writer.view(name);
  }
}

/** Encodes `v3electionpb.LeaderRequest`. */
export function encodeLeaderRequest(message: LeaderRequestInit): Uint8Array {
  const writer = new Writer(sizeLeaderRequest(message, noLengths));
  writeLeaderRequest(writer, message);
  return writer.finish();
}

function createLeaderRequest(): LeaderRequest {
  return {
    name: emptyBytes,
  };
}

/**
 * The key and the proclaimed value of the leader.
 *
 * `v3electionpb.LeaderResponse` as decoded: every field is there.
 */
export interface LeaderResponse {
  header: ResponseHeader | undefined;
  kv: KeyValue | undefined;
}

/** {@link LeaderResponse} to encode: what is absent has its default. */
export interface LeaderResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
  readonly kv?: KeyValueInit | undefined;
}

function mergeLeaderResponse(reader: Reader, message: LeaderResponse): void {
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
        const nested = (message.kv ??= createKeyValue());
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
 * Decodes `v3electionpb.LeaderResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeLeaderResponse(bytes: Uint8Array): LeaderResponse {
  const message = createLeaderResponse();
  mergeLeaderResponse(new Reader(bytes), message);
  return message;
}

function sizeLeaderResponse(message: LeaderResponseInit, lengths: number[]): number {
  let size = 0;
  const header = message.header;
  if (header !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeResponseHeader(header, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const kv = message.kv;
  if (kv !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeKeyValue(kv, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeLeaderResponse(writer: Writer, message: LeaderResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
  const kv = message.kv;
  if (kv !== undefined) {
    writer.byte(18);
    writer.nestedLength();
    writeKeyValue(writer, kv);
  }
}

/** Encodes `v3electionpb.LeaderResponse`. */
export function encodeLeaderResponse(message: LeaderResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeLeaderResponse(message, lengths), lengths);
  writeLeaderResponse(writer, message);
  return writer.finish();
}

function createLeaderResponse(): LeaderResponse {
  return {
    header: undefined,
    kv: undefined,
  };
}

/**
 * Gives leadership up.
 *
 * `v3electionpb.ResignRequest` as decoded: every field is there.
 */
export interface ResignRequest {
  leader: LeaderKey | undefined;
}

/** {@link ResignRequest} to encode: what is absent has its default. */
export interface ResignRequestInit {
  readonly leader?: LeaderKeyInit | undefined;
}

function mergeResignRequest(reader: Reader, message: ResignRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = (message.leader ??= createLeaderKey());
        mergeLeaderKey(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `v3electionpb.ResignRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeResignRequest(bytes: Uint8Array): ResignRequest {
  const message = createResignRequest();
  mergeResignRequest(new Reader(bytes), message);
  return message;
}

function sizeResignRequest(message: ResignRequestInit, lengths: number[]): number {
  let size = 0;
  const leader = message.leader;
  if (leader !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeLeaderKey(leader, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  return size;
}

function writeResignRequest(writer: Writer, message: ResignRequestInit): void {
  const leader = message.leader;
  if (leader !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeLeaderKey(writer, leader);
  }
}

/** Encodes `v3electionpb.ResignRequest`. */
export function encodeResignRequest(message: ResignRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeResignRequest(message, lengths), lengths);
  writeResignRequest(writer, message);
  return writer.finish();
}

function createResignRequest(): ResignRequest {
  return {
    leader: undefined,
  };
}

/**
 * Answer to a resignation.
 *
 * `v3electionpb.ResignResponse` as decoded: every field is there.
 */
export interface ResignResponse {
  header: ResponseHeader | undefined;
}

/** {@link ResignResponse} to encode: what is absent has its default. */
export interface ResignResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeResignResponse(reader: Reader, message: ResignResponse): void {
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
 * Decodes `v3electionpb.ResignResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeResignResponse(bytes: Uint8Array): ResignResponse {
  const message = createResignResponse();
  mergeResignResponse(new Reader(bytes), message);
  return message;
}

function sizeResignResponse(message: ResignResponseInit, lengths: number[]): number {
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

function writeResignResponse(writer: Writer, message: ResignResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `v3electionpb.ResignResponse`. */
export function encodeResignResponse(message: ResignResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeResignResponse(message, lengths), lengths);
  writeResignResponse(writer, message);
  return writer.finish();
}

function createResignResponse(): ResignResponse {
  return {
    header: undefined,
  };
}

/**
 * Replaces the value that the leader announces.
 *
 * `v3electionpb.ProclaimRequest` as decoded: every field is there.
 */
export interface ProclaimRequest {
  leader: LeaderKey | undefined;
  value: Uint8Array;
}

/** {@link ProclaimRequest} to encode: what is absent has its default. */
export interface ProclaimRequestInit {
  readonly leader?: LeaderKeyInit | undefined;
  readonly value?: Uint8Array | undefined;
}

function mergeProclaimRequest(reader: Reader, message: ProclaimRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10: {
        const outerEnd = reader.enter();
        const nested = (message.leader ??= createLeaderKey());
        mergeLeaderKey(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 18:
        message.value = reader.view();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
}

/**
 * Decodes `v3electionpb.ProclaimRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeProclaimRequest(bytes: Uint8Array): ProclaimRequest {
  const message = createProclaimRequest();
  mergeProclaimRequest(new Reader(bytes), message);
  return message;
}

function sizeProclaimRequest(message: ProclaimRequestInit, lengths: number[]): number {
  let size = 0;
  const leader = message.leader;
  if (leader !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeLeaderKey(leader, lengths);
    lengths[slot] = nestedSize;
    size += 1 + bytesSize(nestedSize);
  }
  const value = message.value;
  if (value !== undefined && value.length > 0) size += 1 + bytesSize(value.length);
  return size;
}

function writeProclaimRequest(writer: Writer, message: ProclaimRequestInit): void {
  const leader = message.leader;
  if (leader !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeLeaderKey(writer, leader);
  }
  const value = message.value;
  if (value !== undefined && value.length > 0) {
    writer.byte(18);
    writer.view(value);
  }
}

/** Encodes `v3electionpb.ProclaimRequest`. */
export function encodeProclaimRequest(message: ProclaimRequestInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeProclaimRequest(message, lengths), lengths);
  writeProclaimRequest(writer, message);
  return writer.finish();
}

function createProclaimRequest(): ProclaimRequest {
  return {
    leader: undefined,
    value: emptyBytes,
  };
}

/**
 * Answer to a proclamation.
 *
 * `v3electionpb.ProclaimResponse` as decoded: every field is there.
 */
export interface ProclaimResponse {
  header: ResponseHeader | undefined;
}

/** {@link ProclaimResponse} to encode: what is absent has its default. */
export interface ProclaimResponseInit {
  readonly header?: ResponseHeaderInit | undefined;
}

function mergeProclaimResponse(reader: Reader, message: ProclaimResponse): void {
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
 * Decodes `v3electionpb.ProclaimResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeProclaimResponse(bytes: Uint8Array): ProclaimResponse {
  const message = createProclaimResponse();
  mergeProclaimResponse(new Reader(bytes), message);
  return message;
}

function sizeProclaimResponse(message: ProclaimResponseInit, lengths: number[]): number {
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

function writeProclaimResponse(writer: Writer, message: ProclaimResponseInit): void {
  const header = message.header;
  if (header !== undefined) {
    writer.byte(10);
    writer.nestedLength();
    writeResponseHeader(writer, header);
  }
}

/** Encodes `v3electionpb.ProclaimResponse`. */
export function encodeProclaimResponse(message: ProclaimResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeProclaimResponse(message, lengths), lengths);
  writeProclaimResponse(writer, message);
  return writer.finish();
}

function createProclaimResponse(): ProclaimResponse {
  return {
    header: undefined,
  };
}
