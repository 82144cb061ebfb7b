import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FileSystemError, type FileSystem } from "../file-system.ts";

/** A file system and an empty directory on it that one test may use. */
export interface FileSystemFixture {
  readonly files: FileSystem;
  readonly directory: string;
}

/** Declares the tests that every {@link FileSystem} must pass. */
export function describeFileSystem(name: string, create: () => FileSystemFixture): void {
  describe(`${name} as a FileSystem`, () => {
    declareFileTests(create);
    declareDirectoryTests(create);
    declareLockTests(create);
  });
}

function declareFileTests(create: () => FileSystemFixture): void {
  test("open reports missing and existing files by errno", async () => {
    const { files, directory } = create();
    await assert.rejects(files.open(`${directory}/none`, "read"), hasErrno("ENOENT"));
    await assert.rejects(files.open(`${directory}/none`, "write"), hasErrno("ENOENT"));
    await assert.rejects(files.open(`${directory}/none/file`, "create"), hasErrno("ENOENT"));
    await (await files.open(`${directory}/file`, "create")).close();
    await assert.rejects(files.open(`${directory}/file`, "create"), hasErrno("EEXIST"));
  });

  test("writeSync puts chunks at the position and read returns them", async () => {
    const { files, directory } = create();
    const file = await files.open(`${directory}/file`, "create");
    file.writeSync([bytes("abc"), bytes(""), bytes("defg")], 2);
    assert.equal(await file.sizeBytes(), 9);
    const target = new Uint8Array(20);
    assert.equal(await file.read(target, 0), 9);
    assert.equal(Buffer.from(target.subarray(0, 9)).toString("latin1"), "\0\0abcdefg");
    assert.equal(file.readSync(target, 7), 2);
    assert.equal(file.readSync(target, 9), 0);
    assert.equal(await file.read(target, 100), 0);
    await file.datasync();
    await file.close();
  });

  test("writeSync takes more chunks than one system call", async () => {
    const { files, directory } = create();
    const file = await files.open(`${directory}/file`, "create");
    const chunks = Array.from({ length: 2500 }, (_, i) => Uint8Array.of(i & 0xff, i >> 8));
    file.writeSync(chunks, 1);
    const target = new Uint8Array(5001);
    assert.equal(file.readSync(target, 0), 5001);
    assert.deepEqual(target, new Uint8Array(Buffer.concat([Uint8Array.of(0), ...chunks])));
    await file.close();
  });

  test("truncate cuts, and grows with zeros where data had been", async () => {
    const { files, directory } = create();
    const file = await files.open(`${directory}/file`, "create");
    file.writeSync([new Uint8Array(10_000).fill(1)], 0);
    await file.truncate(5_000);
    await file.truncate(20_000);
    const target = new Uint8Array(20_000);
    assert.equal(file.readSync(target, 0), 20_000);
    assert.equal(target.indexOf(0), 5_000);
    assert.equal(target.lastIndexOf(1), 4_999);
    await file.close();
  });

  test("create-or-truncate empties an existing file, write keeps it", async () => {
    const { files, directory } = create();
    const first = await files.open(`${directory}/file`, "create-or-truncate");
    first.writeSync([bytes("old")], 0);
    await first.close();
    const second = await files.open(`${directory}/file`, "write");
    assert.equal(await second.sizeBytes(), 3);
    await second.close();
    const third = await files.open(`${directory}/file`, "create-or-truncate");
    assert.equal(await third.sizeBytes(), 0);
    await third.close();
  });

  test("a read handle refuses to write, a closed one everything; close is idempotent", async () => {
    const { files, directory } = create();
    await (await files.open(`${directory}/file`, "create")).close();
    const file = await files.open(`${directory}/file`, "read");
    assert.throws(() => {
      file.writeSync([bytes("x")], 0);
    }, hasErrno("EBADF"));
    await file.close();
    await file.close();
    assert.throws(() => file.readSync(new Uint8Array(1), 0), hasErrno("EBADF"));
    await assert.rejects(async () => file.datasync(), hasErrno("EBADF"));
  });
}

function declareDirectoryTests(create: () => FileSystemFixture): void {
  test("list sorts names bytewise", async () => {
    const { files, directory } = create();
    for (const name of ["b", "B", "a", "\u{1f600}", "\uff5e", "10", "9"]) {
      await (await files.open(`${directory}/${name}`, "create")).close();
    }
    const expected = ["10", "9", "B", "a", "b", "\uff5e", "\u{1f600}"];
    assert.deepEqual(await files.list(directory), expected);
    await assert.rejects(files.list(`${directory}/none`), hasErrno("ENOENT"));
  });

  test("stat tells files, directories and nothing apart", async () => {
    const { files, directory } = create();
    const file = await files.open(`${directory}/file`, "create");
    file.writeSync([bytes("abc")], 0);
    await file.close();
    assert.deepEqual(await files.stat(`${directory}/file`), { kind: "file", sizeBytes: 3 });
    assert.equal((await files.stat(directory))?.kind, "directory");
    assert.equal(await files.stat(`${directory}/none`), undefined);
    assert.equal(await files.stat(`${directory}/file/below`), undefined);
  });

  test("freeBytes tells what is left, and refuses what is not there", async () => {
    const { files, directory } = create();
    assert.ok((await files.freeBytes(directory)) > 0);
    await assert.rejects(files.freeBytes(`${directory}/none`), hasErrno("ENOENT"));
  });

  test("makeDirectory makes parents and accepts existing ones", async () => {
    const { files, directory } = create();
    await files.makeDirectory(`${directory}/a/b/c`);
    await files.makeDirectory(`${directory}/a/b`);
    assert.deepEqual(await files.list(`${directory}/a/b`), ["c"]);
    await files.syncDirectory(`${directory}/a`);
    await assert.rejects(files.syncDirectory(`${directory}/none`), hasErrno("ENOENT"));
  });

  test("rename replaces the target, across directories too", async () => {
    const { files, directory } = create();
    await files.makeDirectory(`${directory}/other`);
    for (const [name, text] of [
      ["from", "new"],
      ["other/to", "older"],
    ] as const) {
      const file = await files.open(`${directory}/${name}`, "create");
      file.writeSync([bytes(text)], 0);
      await file.close();
    }
    await files.rename(`${directory}/from`, `${directory}/other/to`);
    assert.deepEqual(await files.list(directory), ["other"]);
    assert.equal((await files.stat(`${directory}/other/to`))?.sizeBytes, 3);
    await files.rename(`${directory}/other`, `${directory}/moved`);
    assert.deepEqual(await files.list(`${directory}/moved`), ["to"]);
    await assert.rejects(files.rename(`${directory}/from`, `${directory}/x`), hasErrno("ENOENT"));
  });

  test("remove and removeDirectory accept that nothing is there", async () => {
    const { files, directory } = create();
    await files.makeDirectory(`${directory}/a/b`);
    await (await files.open(`${directory}/a/b/file`, "create")).close();
    await files.remove(`${directory}/a/b/none`);
    await files.remove(`${directory}/a/b/file`);
    assert.deepEqual(await files.list(`${directory}/a/b`), []);
    await (await files.open(`${directory}/a/file`, "create")).close();
    await files.removeDirectory(`${directory}/a`);
    await files.removeDirectory(`${directory}/a`);
    assert.deepEqual(await files.list(directory), []);
  });

  test("a file removed while open can still be read and written", async () => {
    const { files, directory } = create();
    const file = await files.open(`${directory}/file`, "create");
    file.writeSync([bytes("abc")], 0);
    await files.remove(`${directory}/file`);
    assert.equal(file.readSync(new Uint8Array(8), 0), 3);
    await file.datasync();
    await file.close();
  });
}

function declareLockTests(create: () => FileSystemFixture): void {
  test("lock is exclusive until released, one a path (B25)", async () => {
    const { files, directory } = create();
    const lock = await files.lock(`${directory}/lock`);
    assert.ok(lock !== undefined);
    assert.equal(await files.lock(`${directory}/lock`), undefined);
    const other = await files.lock(`${directory}/other`);
    assert.ok(other !== undefined);
    await other.release();
    await lock.release();
    await lock.release();
    const again = await files.lock(`${directory}/lock`);
    assert.ok(again !== undefined);
    await again.release();
  });
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hasErrno(errno: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof FileSystemError, String(error));
    assert.equal(error.errno, errno);
    return true;
  };
}
