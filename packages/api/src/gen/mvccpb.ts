// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.
import { bytesSize, int32Size, int64ExactSize, int64Size, Writer } from "../writer.ts";
import { emptyBytes, Reader } from "../reader.ts";

const noLengths: number[] = [];

/**
 * Whether a key was written or deleted.
 *
 * Numbers of `mvccpb.Event.EventType`; fields hold any number, known or not.
 */
export const EventEventType = {
  PUT: 0,
  DELETE: 1,
} as const;

/** One of the numbers of {@link EventEventType}. */
export type EventEventType = (typeof EventEventType)[keyof typeof EventEventType];

/**
 * One version of one key. A stored value has exactly this form.
 *
 * `mvccpb.KeyValue` as decoded: every field is there.
 */
export interface KeyValue {
  key: Uint8Array;
  createRevision: number;
  modRevision: number;
  version: number;
  value: Uint8Array;
  lease: bigint;
}

/** {@link KeyValue} to encode: what is absent has its default. */
export interface KeyValueInit {
  readonly key?: Uint8Array | undefined;
  readonly createRevision?: number | undefined;
  readonly modRevision?: number | undefined;
  readonly version?: number | undefined;
  readonly value?: Uint8Array | undefined;
  readonly lease?: bigint | undefined;
}

/** @internal */
export function mergeKeyValue(reader: Reader, message: KeyValue): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        message.key = reader.view();
        break;
      case 16:
        message.createRevision = reader.int64();
        break;
      case 24:
        message.modRevision = reader.int64();
        break;
      case 32:
        message.version = reader.int64();
        break;
      case 42:
        message.value = reader.view();
        break;
      case 48:
        message.lease = reader.int64Exact();
        break;
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 6);
    }
  }
}

/**
 * Decodes `mvccpb.KeyValue`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeKeyValue(bytes: Uint8Array): KeyValue {
  const message = createKeyValue();
  mergeKeyValue(new Reader(bytes), message);
  return message;
}

/** @internal */
export function sizeKeyValue(message: KeyValueInit, _lengths: number[]): number {
  let size = 0;
  const key = message.key;
  if (key !== undefined && key.length > 0) size += 1 + bytesSize(key.length);
  const createRevision = message.createRevision;
  if (createRevision !== undefined && createRevision !== 0) size += 1 + int64Size(createRevision);
  const modRevision = message.modRevision;
  if (modRevision !== undefined && modRevision !== 0) size += 1 + int64Size(modRevision);
  const version = message.version;
  if (version !== undefined && version !== 0) size += 1 + int64Size(version);
  const value = message.value;
  if (value !== undefined && value.length > 0) size += 1 + bytesSize(value.length);
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) size += 1 + int64ExactSize(lease);
  return size;
}

/** @internal */
export function writeKeyValue(writer: Writer, message: KeyValueInit): void {
  const key = message.key;
  if (key !== undefined && key.length > 0) {
    writer.byte(10);
    writer.view(key);
  }
  const createRevision = message.createRevision;
  if (createRevision !== undefined && createRevision !== 0) {
    writer.byte(16);
    writer.varint(createRevision);
  }
  const modRevision = message.modRevision;
  if (modRevision !== undefined && modRevision !== 0) {
    writer.byte(24);
    writer.varint(modRevision);
  }
  const version = message.version;
  if (version !== undefined && version !== 0) {
    writer.byte(32);
    writer.varint(version);
  }
  const value = message.value;
  if (value !== undefined && value.length > 0) {
    writer.byte(42);
    writer.view(value);
  }
  const lease = message.lease;
  if (lease !== undefined && lease !== 0n) {
    writer.byte(48);
    writer.varintExact(lease);
  }
}

/** Encodes `mvccpb.KeyValue`. */
export function encodeKeyValue(message: KeyValueInit): Uint8Array {
  const writer = new Writer(sizeKeyValue(message, noLengths));
  writeKeyValue(writer, message);
  return writer.finish();
}

/** @internal */
export function createKeyValue(): KeyValue {
  return {
    key: emptyBytes,
    createRevision: 0,
    modRevision: 0,
    version: 0,
    value: emptyBytes,
    lease: 0n,
  };
}

/**
 * One change of one key; of a deletion kv holds the key and mod_revision only.
 *
 * `mvccpb.Event` as decoded: every field is there.
 */
export interface Event {
  /** See {@link EventEventType}. */
  type: number;
  kv: KeyValue | undefined;
  prevKv: KeyValue | undefined;
}

/** {@link Event} to encode: what is absent has its default. */
export interface EventInit {
  /** See {@link EventEventType}. */
  readonly type?: number | undefined;
  readonly kv?: KeyValueInit | undefined;
  readonly prevKv?: KeyValueInit | undefined;
}

/** @internal */
export function mergeEvent(reader: Reader, message: Event): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 8:
        message.type = reader.int32();
        break;
      case 18: {
        const outerEnd = reader.enter();
        const nested = (message.kv ??= createKeyValue());
        mergeKeyValue(reader, nested);
        reader.leave(outerEnd);
        break;
      }
      case 26: {
        const outerEnd = reader.enter();
        const nested = (message.prevKv ??= createKeyValue());
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
 * Decodes `mvccpb.Event`; bytes fields are views into `bytes`.
 *
 * @throws DecodeError if `bytes` are malformed.
 */
export function decodeEvent(bytes: Uint8Array): Event {
  const message = createEvent();
  mergeEvent(new Reader(bytes), message);
  return message;
}

/** @internal */
export function sizeEvent(message: EventInit, lengths: number[]): number {
  let size = 0;
  const type = message.type;
  if (type !== undefined && type !== 0) size += 1 + int32Size(type);
  const kv = message.kv;
  if (kv !== undefined) {
    const slot = lengths.push(0) - 1;
    const nestedSize = sizeKeyValue(kv, lengths);
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

/** @internal */
export function writeEvent(writer: Writer, message: EventInit): void {
  const type = message.type;
  if (type !== undefined && type !== 0) {
    writer.byte(8);
    writer.varint(type);
  }
  const kv = message.kv;
  if (kv !== undefined) {
    writer.byte(18);
    writer.nestedLength();
    writeKeyValue(writer, kv);
  }
  const prevKv = message.prevKv;
  if (prevKv !== undefined) {
    writer.byte(26);
    writer.nestedLength();
    writeKeyValue(writer, prevKv);
  }
}

/** Encodes `mvccpb.Event`. */
export function encodeEvent(message: EventInit): Uint8Array {
  const lengths: number[] = [];
  const writer = new Writer(sizeEvent(message, lengths), lengths);
  writeEvent(writer, message);
  return writer.finish();
}

/** @internal */
export function createEvent(): Event {
  return {
    type: 0,
    kv: undefined,
    prevKv: undefined,
  };
}
