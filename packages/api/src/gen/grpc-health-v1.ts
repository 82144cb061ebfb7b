// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.
import { Reader } from "../reader.ts";
import { bytesSize, int32Size, stringSize, Writer } from "../writer.ts";

const noLengths: number[] = [];

/**
 * The health of one service.
 *
 * Numbers of `grpc.health.v1.HealthCheckResponse.ServingStatus`; fields hold any number, known or not.
 */
export const HealthCheckResponseServingStatus = {
  UNKNOWN: 0,
  SERVING: 1,
  NOT_SERVING: 2,
  SERVICE_UNKNOWN: 3,
} as const;

/** One of the numbers of {@link HealthCheckResponseServingStatus}. */
export type HealthCheckResponseServingStatus =
  (typeof HealthCheckResponseServingStatus)[keyof typeof HealthCheckResponseServingStatus];

/**
 * Asks for the health of a service; the empty name means the whole server.
 *
 * `grpc.health.v1.HealthCheckRequest` as decoded: every field is there.
 */
export interface HealthCheckRequest {
  service: string;
}

/** {@link HealthCheckRequest} to encode: what is absent has its default. */
export interface HealthCheckRequestInit {
  readonly service?: string | undefined;
}

function mergeHealthCheckRequest(reader: Reader, message: HealthCheckRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.service = reader.string();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `grpc.health.v1.HealthCheckRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHealthCheckRequest(bytes: Uint8Array): HealthCheckRequest {
  const message = createHealthCheckRequest();
  mergeHealthCheckRequest(new Reader(bytes), message);
  return message;
}

function sizeHealthCheckRequest(message: HealthCheckRequestInit, _lengths: number[]): number {
  let size = 0;
  const service = message.service;
  if (service !== undefined && service !== "") size += 1 + stringSize(service);
  return size;
}

function writeHealthCheckRequest(writer: Writer, message: HealthCheckRequestInit): void {
  const service = message.service;
  if (service !== undefined && service !== "") {
    writer.byte(10);
    writer.string(service);
  }
}

/** Encodes `grpc.health.v1.HealthCheckRequest`. */
export function encodeHealthCheckRequest(message: HealthCheckRequestInit): Uint8Array {
  const writer = new Writer(sizeHealthCheckRequest(message, noLengths));
  writeHealthCheckRequest(writer, message);
  return writer.finish();
}

function createHealthCheckRequest(): HealthCheckRequest {
  return {
    service: "",
  };
}

/**
 * Whether the service can take calls.
 *
 * `grpc.health.v1.HealthCheckResponse` as decoded: every field is there.
 */
export interface HealthCheckResponse {
  /** See {@link HealthCheckResponseServingStatus}. */
  status: number;
}

/** {@link HealthCheckResponse} to encode: what is absent has its default. */
export interface HealthCheckResponseInit {
  /** See {@link HealthCheckResponseServingStatus}. */
  readonly status?: number | undefined;
}

function mergeHealthCheckResponse(reader: Reader, message: HealthCheckResponse): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.status = reader.int32();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `grpc.health.v1.HealthCheckResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHealthCheckResponse(bytes: Uint8Array): HealthCheckResponse {
  const message = createHealthCheckResponse();
  mergeHealthCheckResponse(new Reader(bytes), message);
  return message;
}

function sizeHealthCheckResponse(message: HealthCheckResponseInit, _lengths: number[]): number {
  let size = 0;
  const status = message.status;
  if (status !== undefined && status !== 0) size += 1 + int32Size(status);
  return size;
}

function writeHealthCheckResponse(writer: Writer, message: HealthCheckResponseInit): void {
  const status = message.status;
  if (status !== undefined && status !== 0) {
    writer.byte(8);
    writer.varint(status);
  }
}

/** Encodes `grpc.health.v1.HealthCheckResponse`. */
export function encodeHealthCheckResponse(message: HealthCheckResponseInit): Uint8Array {
  const writer = new Writer(sizeHealthCheckResponse(message, noLengths));
  writeHealthCheckResponse(writer, message);
  return writer.finish();
}

function createHealthCheckResponse(): HealthCheckResponse {
  return {
    status: 0,
  };
}

/**
 * Asks for the health of all services.
 *
 * `grpc.health.v1.HealthListRequest` as decoded: every field is there.
 */
export interface HealthListRequest {}

/** {@link HealthListRequest} to encode: what is absent has its default. */
export interface HealthListRequestInit {}

function mergeHealthListRequest(reader: Reader, _message: HealthListRequest): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    reader.skip(tag);
  }
}

/**
 * Decodes `grpc.health.v1.HealthListRequest`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHealthListRequest(bytes: Uint8Array): HealthListRequest {
  const message = createHealthListRequest();
  mergeHealthListRequest(new Reader(bytes), message);
  return message;
}

function sizeHealthListRequest(_message: HealthListRequestInit, _lengths: number[]): number {
  return 0;
}

function writeHealthListRequest(_writer: Writer, _message: HealthListRequestInit): void {}

/** Encodes `grpc.health.v1.HealthListRequest`. */
export function encodeHealthListRequest(message: HealthListRequestInit): Uint8Array {
  const writer = new Writer(sizeHealthListRequest(message, noLengths));
  writeHealthListRequest(writer, message);
  return writer.finish();
}

function createHealthListRequest(): HealthListRequest {
  return {};
}

/**
 * The health of each service by its name.
 *
 * `grpc.health.v1.HealthListResponse` as decoded: every field is there.
 */
export interface HealthListResponse {
  statuses: Map<string, HealthCheckResponse>;
}

/** {@link HealthListResponse} to encode: what is absent has its default. */
export interface HealthListResponseInit {
  readonly statuses?: ReadonlyMap<string, HealthCheckResponseInit> | undefined;
}

function mergeHealthListResponse(reader: Reader, message: HealthListResponse): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        readStatusesEntry(reader, message.statuses);
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 === 1);
    }
  }
}

/**
 * Decodes `grpc.health.v1.HealthListResponse`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeHealthListResponse(bytes: Uint8Array): HealthListResponse {
  const message = createHealthListResponse();
  mergeHealthListResponse(new Reader(bytes), message);
  return message;
}

function readStatusesEntry(reader: Reader, map: Map<string, HealthCheckResponse>): void {
  const outerEnd = reader.enter();
  let key = "";
  const value = createHealthCheckResponse();
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        key = reader.string();
        break;
      case 18: {
        const entryEnd = reader.enter();
        mergeHealthCheckResponse(reader, value);
        reader.leave(entryEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
  map.set(key, value);
  reader.leave(outerEnd);
}

function sizeHealthListResponse(message: HealthListResponseInit, lengths: number[]): number {
  let size = 0;
  if (message.statuses !== undefined) {
    for (const [key, value] of message.statuses) {
      const entrySlot = lengths.push(0) - 1;
      let length = 1 + stringSize(key);
      const slot = lengths.push(0) - 1;
      const valueSize = sizeHealthCheckResponse(value, lengths);
      lengths[slot] = valueSize;
      length += 1 + bytesSize(valueSize);
      lengths[entrySlot] = length;
      size += 1 + bytesSize(length);
    }
  }
  return size;
}

function writeHealthListResponse(writer: Writer, message: HealthListResponseInit): void {
  if (message.statuses !== undefined) {
    for (const [key, value] of message.statuses) {
      writer.byte(10);
      writer.nestedLength();
      writer.byte(10);
      writer.string(key);
      writer.byte(18);
      writer.nestedLength();
      writeHealthCheckResponse(writer, value);
    }
  }
}

/** Encodes `grpc.health.v1.HealthListResponse`. */
export function encodeHealthListResponse(message: HealthListResponseInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeHealthListResponse(message, lengths), lengths);
  writeHealthListResponse(writer, message);
  return writer.finish();
}

function createHealthListResponse(): HealthListResponse {
  return {
    statuses: new Map(),
  };
}
