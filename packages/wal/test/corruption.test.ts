import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { RaftError } from "@quorate/raft";
import { SeededRandom, SimFileSystem } from "@quorate/platform/sim";
import { WalCorruptError, WalError, WalForeignFileError, WalVersionError } from "../src/index.ts";
import { decodeAppend, decodeSegmentHead, PayloadError } from "../src/payloads.ts";
import { readRecord, recordHeaderBytes, writeRecordHeader } from "../src/record.ts";
import {
  append,
  createClosedLog,
  createDependencies,
  directory,
  entry,
  openOrCreate,
  segmentPaths,
  tryOpen,
} from "./harness.ts";

describe("WriteAheadLog.open on damaged files (B6, B7, C7, C14, C34, C36)", () => {
  test("a flipped bit is an error or harmless, never a shorter or different log", async () => {
    const { files, paths, state } = await createClosedLog();
    assert.equal(paths.length, 3);
    let refused = 0;
    for (const path of paths) {
      const { length } = files.contents(path);
      for (let at = 0; at < length; at += 11) {
        const copy = files.clone(new SeededRandom(1n));
        copy.flipBit(path, at, at % 8);
        const outcome = await tryOpen(copy);
        if (outcome instanceof WalError) refused++;
        else assert.equal(outcome, state, `${path} at ${at}`);
      }
    }
    assert.ok(refused > 500, `only ${refused} flips were noticed`);
  });

  test("the error names file, offset and both checksums", async () => {
    const { files, paths } = await createClosedLog();
    const [path = ""] = paths;
    files.flipBit(path, 100);
    const error = await tryOpen(files);
    assert.ok(error instanceof WalCorruptError);
    assert.equal(error.path, path);
    assert.equal(error.offset, 72);
    assert.notEqual(error.expectedCrc, error.actualCrc);
    assert.match(error.message, /at offset 72: the checksum is wrong \(crc is 0x[0-9a-f]{8}, exp/);
  });

  test("a missing segment, in the middle or at the beginning, is an error", async () => {
    const { files, paths } = await createClosedLog();
    for (const path of paths.slice(0, -1)) {
      const copy = files.clone(new SeededRandom(1n));
      await copy.remove(path);
      const error = await tryOpen(copy);
      // The first may be missing if a snapshot covers it; here it holds entry 4 too.
      assert.ok(error instanceof WalCorruptError, String(error));
    }
  });

  test("two segments that changed names are an error", async () => {
    const { files, paths } = await createClosedLog();
    const [first = "", second = ""] = paths;
    await files.rename(first, `${directory}/x.wal`);
    await files.rename(second, first);
    await files.rename(`${directory}/x.wal`, second);
    const error = await tryOpen(files);
    assert.ok(error instanceof WalCorruptError, String(error));
    assert.match(error.message, /head does not match the name/);
  });

  test("every truncation of the last segment is cut or refused", async () => {
    const { files, paths, state } = await createClosedLog();
    const path = paths.at(-1) ?? "";
    for (let size = 0; size < 4096; size += 61) {
      const copy = files.clone(new SeededRandom(1n));
      const handle = await copy.open(path, "write");
      await handle.truncate(size);
      await handle.close();
      const outcome = await tryOpen(copy);
      if (outcome instanceof WalError) assert.ok(size < 200, `${size}: ${outcome.message}`);
      else
        assert.ok(state.startsWith(outcome.slice(outcome.indexOf("snapshot"), 20)), String(size));
    }
  });

  test("a file of someone else and one of another version have their own errors", async () => {
    const { files, paths } = await createClosedLog();
    const path = paths[0] ?? "";
    const handle = await files.open(path, "write");
    handle.writeSync([new TextEncoder().encode("SQLite format 3 and so on and on")], 0);
    assert.ok((await tryOpen(files)) instanceof WalForeignFileError);

    const payload = new Uint8Array(48);
    payload[0] = 2;
    const header = new DataView(new ArrayBuffer(recordHeaderBytes));
    const context = { salt: 0, previousCrc: 0, syncedBytes: 0, offset: 0 };
    writeRecordHeader(header, "segment-head", [payload], context);
    handle.writeSync([new Uint8Array(header.buffer), payload], 0);
    const error = await tryOpen(files);
    assert.ok(error instanceof WalVersionError, String(error));
    assert.equal(error.actualVersion, 2);
  });

  test("a value that contains the image of the log testifies to nothing", async () => {
    const files = new SimFileSystem({ random: new SeededRandom(1n) });
    const { wal } = await openOrCreate(createDependencies(files), 1 << 16);
    await append(wal, { entries: [entry(1, 1, "a")] });
    await append(wal, { entries: [entry(2, 1, "b")] });
    const [path = ""] = await segmentPaths(files);
    const image = files.contents(path).slice(0, 400);
    await append(wal, { entries: [entry(3, 1, image)] });
    files.killProcess();
    // The record with the image and its sync mark are torn, the image itself is whole.
    const offset = wal.status().activeBytes;
    const copy = files.clone(new SeededRandom(1n));
    copy.flipBit(path, offset - 30);
    const handle = await copy.open(path, "write");
    handle.writeSync([new Uint8Array(24)], offset - 24);
    const outcome = await tryOpen(copy);
    assert.equal(outcome, "no hard state\nno snapshot\n1/1 normal a\n2/1 normal b");
  });
});

describe("decoders take any bytes (C34: CVE-2020-15106, CVE-2020-15112)", () => {
  test("decodeAppend and decodeSegmentHead reject with their own errors", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const decode of [decodeAppend, decodeSegmentHead]) {
          try {
            decode(bytes);
          } catch (error) {
            const isOwn =
              error instanceof PayloadError ||
              error instanceof RaftError ||
              error instanceof RangeError;
            assert.ok(isOwn, String(error));
          }
        }
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test("readRecord never reads or allocates beyond the file, whatever the length says", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        fc.nat(100),
        fc.nat(2 ** 32 - 1),
        (bytes, offset, length) => {
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
          if (offset + 8 <= bytes.length) {
            view.setUint32(offset, length, true);
            view.setUint32(offset + 4, 0x4c575102, true);
          }
          assert.ok("kind" in readRecord(bytes, Math.min(offset, bytes.length), 0));
        },
      ),
      { numRuns: 3000, seed: 1 },
    );
  });

  test("random bytes with right checksums are refused or read, nothing else", async () => {
    const { files, paths } = await createClosedLog();
    const path = paths.at(-1) ?? "";
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom("segment-head", "append", "local-snapshot", "sync-mark"),
        async (payload, type) => {
          const copy = files.clone(new SeededRandom(1n));
          const head = copy.contents(path);
          const first = readRecord(head, 0, 0);
          assert.ok(!("kind" in first));
          const header = new DataView(new ArrayBuffer(recordHeaderBytes));
          const salt = new DataView(first.payload.buffer, first.payload.byteOffset).getUint32(
            4,
            true,
          );
          const offset = first.end;
          const context = { salt, previousCrc: first.crc, syncedBytes: 0, offset };
          writeRecordHeader(header, type, [payload], context);
          const handle = await copy.open(path, "write");
          await handle.truncate(offset);
          await handle.truncate(4096);
          handle.writeSync([new Uint8Array(header.buffer), payload], offset);
          await handle.close();
          await tryOpen(copy);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });
});
