/**
 * The encoding of messages between members.
 *
 * ```
 *   kind:u8 from:u64 to:u64 term:u64, then by kind
 *   1 append               previousIndex previousTerm commit count:u32 entry*
 *   2 append-response      index isRejected hintIndex hintTerm
 *   3 heartbeat            commit readRound
 *   4 heartbeat-response   readRound
 *   5 vote                 isPreVote lastIndex lastTerm isLeaderTransfer
 *   6 vote-response        isPreVote isRejected
 *   7 snapshot             snapshot mark
 *   8 timeout-now
 *   9 read-index           requestId
 *   10 read-index-response requestId index
 *   11 commit               commit commitTerm
 * ```
 *
 * Little-endian; indexes, terms and counters in 8 bytes, flags in one that is 0 or 1. The decoder
 * accepts nothing that a node could not have sent: what it returns may be stepped without harm.
 */
import { assertNever } from "./assert.ts";
import { ByteReader, ByteWriter } from "./byte-io.ts";
import {
  entryHeadBytes,
  readEntry,
  readSnapshotMark,
  writeEntry,
  writeSnapshotMark,
} from "./codec-records.ts";
import { toLogIndex, toMemberId, toTerm } from "./entry.ts";
import type { Entry, LogIndex, MemberId, Term } from "./entry.ts";
import { RaftCodecError } from "./errors.ts";
import type { Message, MessageHead } from "./message.ts";

/** Encodes a message as chunks to be written one after the other; long data is not copied. */
export function encodeMessage(message: Message): readonly Uint8Array[] {
  const writer = new ByteWriter(message.kind === "append" ? appendCapacity(message.entries) : 128);
  writer.u8(tagOf[message.kind]);
  writer.id(message.from);
  writer.id(message.to);
  writer.safe(message.term);
  writeBody(writer, message);
  return writer.finish();
}

/**
 * Decodes one message; the data of its entries are views of `bytes`.
 *
 * @throws {@link RaftCodecError} on anything but exactly one well-formed message.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = new ByteReader(bytes);
  const tag = reader.u8();
  const head = { from: readMember(reader), to: readMember(reader), term: toTerm(reader.safe()) };
  const message = readBody(reader, tag, head);
  reader.end();
  return message;
}

const tagOf = {
  append: 1,
  "append-response": 2,
  heartbeat: 3,
  "heartbeat-response": 4,
  vote: 5,
  "vote-response": 6,
  snapshot: 7,
  "timeout-now": 8,
  "read-index": 9,
  "read-index-response": 10,
  commit: 11,
} as const satisfies Record<Message["kind"], number>;

function appendCapacity(entries: readonly Entry[]): number {
  const copied = entries.reduce((sum, entry) => sum + Math.min(entry.data.length, 2048), 0);
  return 64 + entries.length * entryHeadBytes + copied;
}

function writeBody(writer: ByteWriter, message: Message): void {
  switch (message.kind) {
    case "append":
      writer.safe(message.previousIndex);
      writer.safe(message.previousTerm);
      writer.safe(message.commit);
      writer.u32(message.entries.length);
      for (const entry of message.entries) writeEntry(writer, entry);
      return;
    case "append-response":
      writer.safe(message.index);
      writeFlag(writer, message.isRejected);
      writer.safe(message.hintIndex);
      writer.safe(message.hintTerm);
      return;
    case "heartbeat":
      writer.safe(message.commit);
      writer.safe(message.readRound);
      return;
    case "heartbeat-response":
      writer.safe(message.readRound);
      return;
    case "vote":
      writeFlag(writer, message.isPreVote);
      writer.safe(message.lastIndex);
      writer.safe(message.lastTerm);
      writeFlag(writer, message.isLeaderTransfer);
      return;
    case "vote-response":
      writeFlag(writer, message.isPreVote);
      writeFlag(writer, message.isRejected);
      return;
    case "snapshot":
      writeSnapshotMark(writer, message.snapshot);
      return;
    case "timeout-now":
      return;
    case "read-index":
      writer.safe(message.requestId);
      return;
    case "read-index-response":
      writer.safe(message.requestId);
      writer.safe(message.index);
      return;
    case "commit":
      writer.safe(message.commit);
      writer.safe(message.commitTerm);
      return;
    default:
      assertNever(message);
  }
}

function readBody(reader: ByteReader, tag: number, head: MessageHead): Message {
  switch (tag) {
    case tagOf.append:
      return readAppend(reader, head);
    case tagOf["append-response"]: {
      const index = readIndex(reader);
      const isRejected = reader.flag();
      const hintIndex = readIndex(reader);
      return {
        kind: "append-response",
        ...head,
        index,
        isRejected,
        hintIndex,
        hintTerm: readTerm(reader),
      };
    }
    case tagOf.heartbeat: {
      const commit = readIndex(reader);
      return { kind: "heartbeat", ...head, commit, readRound: reader.safe() };
    }
    case tagOf["heartbeat-response"]:
      return { kind: "heartbeat-response", ...head, readRound: reader.safe() };
    case tagOf.vote: {
      const isPreVote = reader.flag();
      const lastIndex = readIndex(reader);
      const lastTerm = readTerm(reader);
      return {
        kind: "vote",
        ...head,
        isPreVote,
        lastIndex,
        lastTerm,
        isLeaderTransfer: reader.flag(),
      };
    }
    case tagOf["vote-response"]: {
      const isPreVote = reader.flag();
      return { kind: "vote-response", ...head, isPreVote, isRejected: reader.flag() };
    }
    case tagOf.snapshot:
      return { kind: "snapshot", ...head, snapshot: readSnapshotMark(reader) };
    case tagOf["timeout-now"]:
      return { kind: "timeout-now", ...head };
    case tagOf["read-index"]:
      return { kind: "read-index", ...head, requestId: reader.safe() };
    case tagOf["read-index-response"]: {
      const requestId = reader.safe();
      return { kind: "read-index-response", ...head, requestId, index: readIndex(reader) };
    }
    case tagOf.commit: {
      const commit = readIndex(reader);
      return { kind: "commit", ...head, commit, commitTerm: readTerm(reader) };
    }
    default:
      throw new RaftCodecError(`Cannot decode message: kind is ${tag}, expected 1 to 11`);
  }
}

function readAppend(reader: ByteReader, head: MessageHead): Message {
  const previousIndex = readIndex(reader);
  const previousTerm = readTerm(reader);
  const commit = readIndex(reader);
  const count = reader.u32();
  if (count * entryHeadBytes > reader.remaining) {
    throw new RaftCodecError(`Cannot decode append: ${count} entries do not fit`);
  }
  const entries: Entry[] = [];
  let term: number = previousTerm;
  for (let i = 1; i <= count; i += 1) {
    const entry = readEntry(reader);
    if (entry.index !== previousIndex + i) {
      throw new RaftCodecError(
        `Cannot decode append: index is ${entry.index}, expected ${previousIndex + i}`,
      );
    }
    if (entry.term < term || entry.term > head.term) {
      throw new RaftCodecError(`Cannot decode append: term ${entry.term} is out of order`);
    }
    term = entry.term;
    entries.push(entry);
  }
  return { kind: "append", ...head, previousIndex, previousTerm, entries, commit };
}

function writeFlag(writer: ByteWriter, value: boolean): void {
  writer.u8(value ? 1 : 0);
}

function readMember(reader: ByteReader): MemberId {
  const id = reader.id();
  if (id === 0n) throw new RaftCodecError("Cannot decode message: a member id is 0");
  return toMemberId(id);
}

function readIndex(reader: ByteReader): LogIndex {
  return toLogIndex(reader.safe());
}

function readTerm(reader: ByteReader): Term {
  return toTerm(reader.safe());
}
