import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { toLogIndex } from "@quorate/raft";
import { SimFileSystem } from "@quorate/platform/sim";
import { inspectSegment } from "../src/index.ts";
import { encodeSegmentHead } from "../src/payloads.ts";
import {
  paddingBytes,
  readRecord,
  recordHeaderBytes,
  writeRecordHeader,
  type RecordType,
} from "../src/record.ts";
import { scanSegment } from "../src/segment-scan.ts";
import {
  append,
  createDependencies,
  entry,
  metadata,
  openOrCreate,
  segmentPaths,
} from "./harness.ts";

const salt = 0x12345678;

/** Builds a segment record by record. */
class SegmentBuilder {
  readonly bytes = new Uint8Array(4096);
  /** Offsets of the records, the head first. */
  readonly offsets: number[] = [];
  end = 0;
  #crc = 0;

  constructor() {
    const fields = { hardState: undefined, snapshot: undefined };
    const head = { salt, sequence: 0, metadata, nextIndex: toLogIndex(1), ...fields };
    this.add("segment-head", encodeSegmentHead(head), 0);
  }

  add(type: RecordType, payload: Uint8Array, syncedBytes: number, previousCrc = this.#crc): this {
    const offset = this.end;
    const header = new DataView(this.bytes.buffer, offset, recordHeaderBytes);
    const ownSalt = type === "segment-head" ? 0 : salt;
    const context = { salt: ownSalt, previousCrc, syncedBytes, offset };
    this.#crc = writeRecordHeader(header, type, [payload], context);
    this.bytes.set(payload, offset + recordHeaderBytes);
    this.offsets.push(offset);
    this.end = offset + recordHeaderBytes + payload.length + paddingBytes(payload.length);
    return this;
  }

  scan(): string {
    let count = 0;
    const { end, durableBytes, tail } = scanSegment("segment", this.bytes, () => count++);
    return `${count} records to ${end}, durable to ${durableBytes}, ${tail.kind}`;
  }
}

const payload = new Uint8Array(20).fill(1);

suite("readRecord", () => {
  test("a record is valid with its salt and at its offset only", () => {
    const { bytes, offsets } = new SegmentBuilder().add("append", payload, 0);
    const at = offsets[1] ?? 0;
    const found = readRecord(bytes, at, salt);
    assert.ok(!("kind" in found));
    assert.deepEqual(found.payload, payload);
    const salted = readRecord(bytes, at, salt + 1);
    assert.ok("kind" in salted && salted.problem === "the checksum is wrong");
    const moved = new Uint8Array(4096);
    moved.set(bytes.subarray(at, at + 200), at + 8);
    const misplaced = readRecord(moved, at + 8, salt);
    assert.ok("kind" in misplaced && misplaced.problem === "the record belongs to another offset");
  });

  test("bytes behind the payload are zeros", () => {
    const { bytes, end, offsets } = new SegmentBuilder().add("append", payload, 0);
    bytes[end - 1] = 1;
    const found = readRecord(bytes, offsets[1] ?? 0, salt);
    assert.ok("kind" in found && found.problem === "the padding is not zero");
  });
});

suite("scanSegment", () => {
  test("reads records to the zeros behind the last one", () => {
    const segment = new SegmentBuilder()
      .add("append", payload, 0)
      .add("sync-mark", new Uint8Array(0), 112);
    assert.equal(segment.scan(), "2 records to 144, durable to 112, clean");
  });

  test("a whole record that does not follow the one before ends the log", () => {
    const segment = new SegmentBuilder().add("append", payload, 0).add("append", payload, 0, 7);
    assert.equal(segment.scan(), "1 records to 120, durable to 72, torn");
  });

  test("damage is torn unless a whole record behind calls it durable (B2, B6)", () => {
    // Records at 72, 120 and 168; the first is damaged.
    const cases = [
      { synced: [0, 0, 0], expected: "torn" },
      { synced: [72, 72, 72], expected: "torn" },
      { synced: [72, 72, 73], expected: "corrupt" },
      { synced: [72, 120, 120], expected: "corrupt" },
    ] as const;
    for (const { synced, expected } of cases) {
      const segment = new SegmentBuilder();
      for (const bytes of synced) segment.add("append", payload, bytes);
      segment.bytes[100] = 9;
      assert.equal(segment.scan(), `0 records to 72, durable to 72, ${expected}`, synced.join());
    }
  });

  test("a damaged record testifies to nothing", () => {
    const segment = new SegmentBuilder().add("append", payload, 0).add("append", payload, 120);
    segment.bytes[100] = 9;
    segment.bytes[150] = 9;
    assert.equal(segment.scan(), "0 records to 72, durable to 72, torn");
  });

  test("a witness that ends in zeros, at the end of the file, is found", () => {
    const segment = new SegmentBuilder();
    segment.add("append", new Uint8Array(4096 - 72 - 2 * recordHeaderBytes), 0);
    segment.add("sync-mark", new Uint8Array(0), segment.end);
    assert.equal(segment.end, 4096);
    segment.bytes.fill(0, 72, 96);
    assert.equal(segment.scan(), "0 records to 72, durable to 72, corrupt");
  });

  test("false headers, each claiming a long record, cannot keep a start busy", () => {
    const bytes = new Uint8Array(1 << 22);
    bytes.set(new SegmentBuilder().bytes.subarray(0, 72));
    const view = new DataView(bytes.buffer);
    for (let offset = 72; offset < bytes.length - 32; offset += 24) {
      view.setUint32(offset, bytes.length - offset - 32, true);
      view.setUint32(offset + 4, 0x4c575102, true);
      view.setUint32(offset + 16, 1 << 22, true);
      view.setUint32(offset + 20, offset, true);
    }
    const { tail } = scanSegment("segment", bytes, () => undefined);
    // Not trusted, found out after 8 times the file and not after 170,000 times.
    assert.equal(tail.kind, "corrupt");
  });
});

suite("segments of a log", () => {
  test("have salts of their own", async () => {
    const files = new SimFileSystem();
    const { wal } = await openOrCreate(createDependencies(files));
    for (let i = 1; i < 9; i++) await append(wal, { entries: [entry(i, 1, "x".repeat(1500))] });
    await wal.close();
    const paths = await segmentPaths(files);
    const heads = await Promise.all(paths.map((path) => inspectSegment(files, path)));
    const salts = new Set(heads.map(({ head }) => head.salt));
    assert.ok(paths.length > 2);
    assert.equal(salts.size, paths.length);
    assert.ok(!salts.has(0));
  });
});
