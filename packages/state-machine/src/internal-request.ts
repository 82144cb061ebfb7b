// Requests that members make of themselves; no client sends them, so their form is our own.
import { ByteReader, ByteReaderError, ByteWriter } from "./bytes.ts";
import { MalformedRequestError } from "./errors.ts";
import type { MemberAttributes } from "./member-table.ts";

/** The leader's wish to end leases that ran out. */
export interface LeaseExpireRequest {
  /** Term of the leader that saw them run out; void in an entry of another term (L3). */
  readonly term: number;
  /** At least one. */
  readonly ids: readonly bigint[];
}

/** The version that all members can serve. */
export interface ClusterVersionRequest {
  /** As `3.7.0`. */
  readonly version: string;
}

/** Encodes a {@link LeaseExpireRequest}. */
export function encodeLeaseExpireRequest(request: LeaseExpireRequest): Uint8Array {
  const writer = new ByteWriter(16 + request.ids.length * 8);
  writer.varint(request.term);
  writer.varint(request.ids.length);
  for (const id of request.ids) writer.u64(id);
  return writer.finish();
}

/** Decodes a {@link LeaseExpireRequest}. @throws {@link MalformedRequestError} */
export function decodeLeaseExpireRequest(bytes: Uint8Array): LeaseExpireRequest {
  return decode("lease-expire request", bytes, (reader) => {
    const term = reader.varint();
    const count = reader.varint();
    if (count * 8 !== reader.remaining) throw new ByteReaderError(`${count} ids wanted`);
    const ids = Array.from({ length: count }, () => BigInt.asIntN(64, reader.u64()));
    return { term, ids };
  });
}

/** Encodes what a member publishes of itself. */
export function encodeMemberAttributes(attributes: MemberAttributes): Uint8Array {
  const writer = new ByteWriter();
  writer.u64(attributes.memberId);
  writer.text(attributes.name);
  writer.texts(attributes.clientUrls);
  return writer.finish();
}

/** Decodes what a member publishes of itself. @throws {@link MalformedRequestError} */
export function decodeMemberAttributes(bytes: Uint8Array): MemberAttributes {
  return decode("member attributes", bytes, (reader) => ({
    memberId: reader.u64(),
    name: reader.text(),
    clientUrls: reader.texts(),
  }));
}

/** Encodes a {@link ClusterVersionRequest}. */
export function encodeClusterVersionRequest(request: ClusterVersionRequest): Uint8Array {
  const writer = new ByteWriter();
  writer.text(request.version);
  return writer.finish();
}

/** Decodes a {@link ClusterVersionRequest}. @throws {@link MalformedRequestError} */
export function decodeClusterVersionRequest(bytes: Uint8Array): ClusterVersionRequest {
  return decode("cluster version", bytes, (reader) => ({ version: reader.text() }));
}

function decode<T>(what: string, bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  try {
    const reader = new ByteReader(bytes);
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof ByteReaderError) throw new MalformedRequestError(what, error);
    throw error;
  }
}
