// What a configuration entry of the log says about members beside who votes. The entry's own
// configuration tells the roles; the context tells whose they are. Form of the context:
//
//   version:u8=1 request:u8 [member:u64 sequence:varint] change:u8 fields
//
// Empty context means that no member changes (the end of a joint phase).
import type { RequestId } from "./batch.ts";
import { ByteReader, ByteReaderError, ByteWriter } from "./bytes.ts";
import { MalformedRequestError } from "./errors.ts";

/** One change of the member table. */
export type MemberChange =
  /** The first members of a new cluster; before anything else. */
  | { readonly kind: "bootstrap"; readonly members: readonly MemberAddress[] }
  | { readonly kind: "add"; readonly member: MemberAddress; readonly isLearner: boolean }
  /** Replaces the peer URLs. */
  | { readonly kind: "update"; readonly member: MemberAddress }
  | { readonly kind: "remove"; readonly id: bigint }
  /** Makes a voter of a learner. */
  | { readonly kind: "promote"; readonly id: bigint };

/** Where other members reach a member. */
export interface MemberAddress {
  readonly id: bigint;
  /** Normalized: trimmed, sorted. */
  readonly peerUrls: readonly string[];
}

/** The context of a configuration entry. */
export interface MemberChangeContext {
  /** Whose request it was, so that the proposer finds its answer; undefined at bootstrap. */
  readonly requestId: RequestId | undefined;
  readonly change: MemberChange;
}

const version = 1;
const changeKinds = ["bootstrap", "add", "update", "remove", "promote"] as const;

/** Encodes the context of a configuration entry. */
export function encodeMemberChange({ requestId, change }: MemberChangeContext): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(version);
  writer.byte(requestId === undefined ? 0 : 1);
  if (requestId !== undefined) {
    writer.u64(requestId.member);
    writer.varint(requestId.sequence);
  }
  writer.byte(changeKinds.indexOf(change.kind));
  switch (change.kind) {
    case "bootstrap":
      writer.varint(change.members.length);
      for (const member of change.members) writeAddress(writer, member);
      break;
    case "add":
      writeAddress(writer, change.member);
      writer.byte(change.isLearner ? 1 : 0);
      break;
    case "update":
      writeAddress(writer, change.member);
      break;
    case "remove":
    case "promote":
      writer.u64(change.id);
      break;
  }
  return writer.finish();
}

/**
 * Decodes the context of a configuration entry.
 *
 * @returns undefined for empty bytes.
 * @throws {@link MalformedRequestError} for what {@link encodeMemberChange} cannot have made.
 */
export function decodeMemberChange(bytes: Uint8Array): MemberChangeContext | undefined {
  if (bytes.length === 0) return undefined;
  try {
    const reader = new ByteReader(bytes);
    const foundVersion = reader.byte();
    if (foundVersion !== version) throw new ByteReaderError(`version is ${foundVersion}`);
    const requestId = reader.byte() === 0 ? undefined : readRequestId(reader);
    const change = readChange(reader);
    reader.end();
    return { requestId, change };
  } catch (error) {
    if (error instanceof ByteReaderError) throw new MalformedRequestError("member change", error);
    throw error;
  }
}

function readChange(reader: ByteReader): MemberChange {
  const code = reader.byte();
  const kind = changeKinds[code];
  switch (kind) {
    case "bootstrap": {
      const count = reader.varint();
      if (count > reader.remaining) throw new ByteReaderError(`${count} members wanted`);
      return { kind, members: Array.from({ length: count }, () => readAddress(reader)) };
    }
    case "add":
      return { kind, member: readAddress(reader), isLearner: reader.byte() === 1 };
    case "update":
      return { kind, member: readAddress(reader) };
    case "remove":
    case "promote":
      return { kind, id: reader.u64() };
    default:
      throw new ByteReaderError(`change ${code} is unknown`);
  }
}

function readRequestId(reader: ByteReader): RequestId {
  return { member: reader.u64(), sequence: reader.varint() };
}

function writeAddress(writer: ByteWriter, member: MemberAddress): void {
  writer.u64(member.id);
  writer.texts(member.peerUrls);
}

function readAddress(reader: ByteReader): MemberAddress {
  return { id: reader.u64(), peerUrls: reader.texts() };
}
