/**
 * The encodings that rest on disk: entries, configurations, snapshot marks, hard state.
 *
 * ```
 *   entry          kind:u8 index:u64 term:u64 length:u32 data
 *   configuration  voters outgoing learners learnersNext, each count:u16 id:u64*, ascending
 *   configuration entry   configuration length:u32 context
 *   snapshot mark  index:u64 term:u64 configuration
 *   hard state     term:u64 votedFor:u64 (0 for none) commit:u64
 * ```
 *
 * All little-endian. A record carries no check sum: framing is the write-ahead log's and the
 * transport's.
 */
import { ByteReader, ByteWriter, joinChunks } from "./byte-io.ts";
import { configurationProblem } from "./configuration-change.ts";
import type { Configuration, ConfigurationEntry, SnapshotMark } from "./configuration.ts";
import { toLogIndex, toMemberId, toTerm } from "./entry.ts";
import type { Entry, HardState, MemberId } from "./entry.ts";
import { RaftCodecError } from "./errors.ts";

/** Encodes an entry; long `data` is a chunk of its own and not copied. */
export function encodeEntry(entry: Entry): readonly Uint8Array[] {
  const writer = new ByteWriter(entryHeadBytes + Math.min(entry.data.length, 2048));
  writeEntry(writer, entry);
  return writer.finish();
}

/**
 * Decodes one entry; its `data` is a view of `bytes`.
 *
 * @throws {@link RaftCodecError} on anything but exactly one entry.
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new ByteReader(bytes);
  const entry = readEntry(reader);
  reader.end();
  return entry;
}

/** Encodes the payload of an entry of kind `configuration`. */
export function encodeConfigurationEntry(entry: ConfigurationEntry): Uint8Array {
  const writer = new ByteWriter(64 + entry.context.length);
  writeConfiguration(writer, entry.configuration);
  writer.u32(entry.context.length);
  writer.bytes(entry.context);
  return joinChunks(writer.finish());
}

/**
 * Decodes the payload of an entry of kind `configuration`; `context` is a view.
 *
 * @throws {@link RaftCodecError}
 */
export function decodeConfigurationEntry(bytes: Uint8Array): ConfigurationEntry {
  const reader = new ByteReader(bytes);
  const configuration = readConfiguration(reader);
  const context = reader.bytes(reader.u32());
  reader.end();
  return { configuration, context };
}

/** Encodes a snapshot mark. */
export function encodeSnapshotMark(mark: SnapshotMark): Uint8Array {
  const writer = new ByteWriter(96);
  writeSnapshotMark(writer, mark);
  return joinChunks(writer.finish());
}

/**
 * Decodes a snapshot mark.
 *
 * @throws {@link RaftCodecError}
 */
export function decodeSnapshotMark(bytes: Uint8Array): SnapshotMark {
  const reader = new ByteReader(bytes);
  const mark = readSnapshotMark(reader);
  reader.end();
  return mark;
}

/** Encodes a hard state. */
export function encodeHardState(state: HardState): Uint8Array {
  const writer = new ByteWriter(24);
  writer.safe(state.term);
  writer.id(state.votedFor ?? 0n);
  writer.safe(state.commit);
  return joinChunks(writer.finish());
}

/**
 * Decodes a hard state.
 *
 * @throws {@link RaftCodecError}
 */
export function decodeHardState(bytes: Uint8Array): HardState {
  const reader = new ByteReader(bytes);
  const term = toTerm(reader.safe());
  const votedFor = reader.id();
  const commit = toLogIndex(reader.safe());
  reader.end();
  return { term, votedFor: votedFor === 0n ? undefined : toMemberId(votedFor), commit };
}

/**
 * Writes an entry in the form of the log and of messages.
 *
 * @internal
 */
export function writeEntry(writer: ByteWriter, entry: Entry): void {
  writer.u8(entry.kind === "normal" ? 0 : 1);
  writer.safe(entry.index);
  writer.safe(entry.term);
  writer.u32(entry.data.length);
  writer.bytes(entry.data);
}

/**
 * Reads what {@link writeEntry} wrote; the data is a view.
 *
 * @internal
 */
export function readEntry(reader: ByteReader): Entry {
  const kind = reader.flag() ? "configuration" : "normal";
  const index = toLogIndex(reader.safe());
  const term = toTerm(reader.safe());
  const data = reader.bytes(reader.u32());
  if (index === 0) throw new RaftCodecError("Cannot decode entry: its index is 0");
  if (kind === "configuration") decodeConfigurationEntry(data);
  return { index, term, kind, data };
}

/**
 * Writes a snapshot mark.
 *
 * @internal
 */
export function writeSnapshotMark(writer: ByteWriter, mark: SnapshotMark): void {
  writer.safe(mark.index);
  writer.safe(mark.term);
  writeConfiguration(writer, mark.configuration);
}

/**
 * Reads what {@link writeSnapshotMark} wrote.
 *
 * @internal
 */
export function readSnapshotMark(reader: ByteReader): SnapshotMark {
  const index = toLogIndex(reader.safe());
  const term = toTerm(reader.safe());
  return { index, term, configuration: readConfiguration(reader) };
}

/**
 * Bytes of an entry beside its data.
 *
 * @internal
 */
export const entryHeadBytes = 21;

function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  writeMembers(writer, configuration.voters);
  writeMembers(writer, configuration.votersOutgoing);
  writeMembers(writer, configuration.learners);
  writeMembers(writer, configuration.learnersNext);
}

function readConfiguration(reader: ByteReader): Configuration {
  const configuration = {
    voters: readMembers(reader),
    votersOutgoing: readMembers(reader),
    learners: readMembers(reader),
    learnersNext: readMembers(reader),
  };
  const problem = configurationProblem(configuration);
  if (problem !== undefined) throw new RaftCodecError(`Cannot decode configuration: ${problem}`);
  return configuration;
}

function writeMembers(writer: ByteWriter, members: readonly MemberId[]): void {
  writer.u16(members.length);
  for (const member of members) writer.id(member);
}

function readMembers(reader: ByteReader): readonly MemberId[] {
  const count = reader.u16();
  if (count * 8 > reader.remaining) throw new RaftCodecError("Cannot decode members: cut short");
  const members: MemberId[] = [];
  for (let i = 0; i < count; i += 1) {
    const id = reader.id();
    if (id === 0n) throw new RaftCodecError("Cannot decode members: an id is 0");
    members.push(toMemberId(id));
  }
  return members;
}
