/**
 * Answers to puts, deletions and transactions, composed from stored bytes: a stored value is the
 * wire form of a `mvccpb.KeyValue`, so pairs are neither decoded nor encoded again.
 *
 * ```
 * TxnResponse  = header 10 | succeeded 16 | ResponseOp 26 *
 * ResponseOp   = range 10 | put 18 | deletion 26 | transaction 34     each with a length
 * ```
 */
import { bytesSize, int64Size, Writer } from "@quorate/api";
import type {
  AppliedDeleteRange,
  AppliedOperation,
  AppliedPut,
  AppliedTxn,
} from "@quorate/state-machine";
import type { HeaderEncoder, HeaderValues } from "./header.ts";

/** Encodes a `PutResponse`. */
export function composePutAnswer(
  headers: HeaderEncoder,
  { revision, prevKv }: AppliedPut,
  raftTerm: number,
): Uint8Array {
  if (prevKv === undefined) return headers.fresh(revision, raftTerm);
  const header = { revision, raftTerm };
  const writer = new Writer(headers.fieldSize(header) + pairSize(prevKv));
  headers.writeField(writer, header);
  writePair(writer, 0x12, prevKv);
  return writer.finish();
}

/** Encodes a `DeleteRangeResponse`. O(bytes). */
export function composeDeleteRangeAnswer(
  headers: HeaderEncoder,
  applied: AppliedDeleteRange,
  raftTerm: number,
): Uint8Array {
  const header = { revision: applied.revision, raftTerm };
  const writer = new Writer(headers.fieldSize(header) + deletionSize(applied));
  headers.writeField(writer, header);
  writeDeletion(writer, applied);
  return writer.finish();
}

/** Encodes a `TxnResponse`. O(bytes). */
export function composeTxnAnswer(
  headers: HeaderEncoder,
  applied: AppliedTxn,
  raftTerm: number,
): Uint8Array {
  const header: HeaderValues = { revision: applied.revision, raftTerm };
  const lengths: number[] = [];
  const size = headers.fieldSize(header) + txnSize(applied, lengths);
  const composer = new OperationComposer(new Writer(size), lengths);
  headers.writeField(composer.writer, header);
  composer.txn(applied);
  return composer.writer.finish();
}

/** Writes operations; their sizes were noted on the way down, in the same order. */
class OperationComposer {
  readonly writer: Writer;
  readonly #lengths: readonly number[];
  #next = 0;

  constructor(writer: Writer, lengths: readonly number[]) {
    this.writer = writer;
    this.#lengths = lengths;
  }

  /** All but the header. */
  txn({ succeeded, operations }: AppliedTxn): void {
    const writer = this.writer;
    if (succeeded) {
      writer.byte(0x10);
      writer.byte(1);
    }
    for (const operation of operations) {
      const length = this.#lengths[this.#next++] ?? 0;
      writer.byte(0x1a);
      writer.uint32(1 + bytesSize(length));
      writer.byte(operationTags[operation.kind]);
      writer.uint32(length);
      this.#operation(operation);
    }
  }

  #operation(operation: AppliedOperation): void {
    const writer = this.writer;
    switch (operation.kind) {
      case "put":
        writeInnerHeader(writer, operation.revision);
        if (operation.prevKv !== undefined) writePair(writer, 0x12, operation.prevKv);
        return;
      case "delete-range":
        writeInnerHeader(writer, operation.revision);
        writeDeletion(writer, operation);
        return;
      case "range": {
        const { revision, kvs, more, count } = operation.result;
        writeInnerHeader(writer, revision);
        for (const kv of kvs) writePair(writer, 0x12, kv);
        if (more) {
          writer.byte(0x18);
          writer.byte(1);
        }
        if (count !== 0) {
          writer.byte(0x20);
          writer.varint(count);
        }
        return;
      }
      case "txn":
        writeInnerHeader(writer, operation.revision);
        this.txn(operation);
    }
  }
}

const operationTags = { range: 0x0a, put: 0x12, "delete-range": 0x1a, txn: 0x22 } as const;

/** Bytes of all but the header. Notes the size of each operation, outer ones first. */
function txnSize({ succeeded, operations }: AppliedTxn, lengths: number[]): number {
  let size = succeeded ? 2 : 0;
  for (const operation of operations) {
    const slot = lengths.push(0) - 1;
    const length = operationSize(operation, lengths);
    lengths[slot] = length;
    size += 1 + bytesSize(1 + bytesSize(length));
  }
  return size;
}

function operationSize(operation: AppliedOperation, lengths: number[]): number {
  switch (operation.kind) {
    case "put": {
      const { revision, prevKv } = operation;
      return innerHeaderSize(revision) + (prevKv === undefined ? 0 : pairSize(prevKv));
    }
    case "delete-range":
      return innerHeaderSize(operation.revision) + deletionSize(operation);
    case "range": {
      const { revision, kvs, more, count } = operation.result;
      let size = innerHeaderSize(revision) + (more ? 2 : 0);
      if (count !== 0) size += 1 + int64Size(count);
      for (const kv of kvs) size += pairSize(kv);
      return size;
    }
    case "txn":
      return innerHeaderSize(operation.revision) + txnSize(operation, lengths);
  }
}

/** Headers within a transaction hold a revision only. */
function innerHeaderSize(revision: number): number {
  return revision === 0 ? 2 : 3 + int64Size(revision);
}

function writeInnerHeader(writer: Writer, revision: number): void {
  writer.byte(0x0a);
  writer.byte(innerHeaderSize(revision) - 2);
  if (revision === 0) return;
  writer.byte(0x18);
  writer.varint(revision);
}

function deletionSize({ deleted, prevKvs }: AppliedDeleteRange): number {
  let size = deleted === 0 ? 0 : 1 + int64Size(deleted);
  for (const kv of prevKvs) size += pairSize(kv);
  return size;
}

function writeDeletion(writer: Writer, { deleted, prevKvs }: AppliedDeleteRange): void {
  if (deleted !== 0) {
    writer.byte(0x10);
    writer.varint(deleted);
  }
  for (const kv of prevKvs) writePair(writer, 0x1a, kv);
}

function pairSize(stored: Uint8Array): number {
  return 1 + bytesSize(stored.length);
}

function writePair(writer: Writer, tag: number, stored: Uint8Array): void {
  writer.byte(tag);
  writer.view(stored);
}
