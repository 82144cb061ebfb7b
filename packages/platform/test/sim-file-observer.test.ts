import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  SeededRandom,
  SimFileSystem,
  type SimFault,
  type SimFileObserver,
} from "../src/sim/index.ts";

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (what: string): Uint8Array => Buffer.from(what);

/** Writes down what it sees. */
function record(): { readonly seen: string[]; readonly observer: SimFileObserver } {
  const seen: string[] = [];
  const observer = {
    written: (path: string, position: number, what: Uint8Array) =>
      void seen.push(`write ${path} ${position} ${text(what)}`),
    truncated: (path: string, size: number) => void seen.push(`truncate ${path} ${size}`),
    synced: (path: string) => void seen.push(`sync ${path}`),
    directorySynced: (path: string) => void seen.push(`sync directory ${path}`),
    renamed: (from: string, to: string) => void seen.push(`rename ${from} ${to}`),
    removed: (path: string) => void seen.push(`remove ${path}`),
    deceived: (how: string, path: string) => void seen.push(`${how} ${path}`),
    crashed: () => void seen.push("crash"),
  };
  return { seen, observer };
}

function once(
  kind: string,
  fault: SimFault,
): (operation: { kind: string }) => SimFault | undefined {
  let isLeft = true;
  return (operation) => {
    if (operation.kind !== kind || !isLeft) return undefined;
    isLeft = false;
    return fault;
  };
}

async function withFile(): Promise<{
  readonly files: SimFileSystem;
  readonly file: Awaited<ReturnType<SimFileSystem["open"]>>;
}> {
  const files = new SimFileSystem({ random: new SeededRandom(4n) });
  await files.makeDirectory("/d");
  const file = await files.open("/d/f", "create");
  file.writeSync([bytes("first")], 0);
  await file.datasync();
  await files.syncDirectory("/d");
  await files.syncDirectory("/");
  return { files, file };
}

describe("SimFileObserver", () => {
  test("sees everything under the name that files have now", async () => {
    const { files, file } = await withFile();
    const { seen, observer } = record();
    const end = files.addObserver(observer);
    file.writeSync([bytes("sec"), bytes("ond")], 5);
    await files.rename("/d/f", "/d/g");
    file.writeSync([bytes("third")], 11);
    await file.datasync();
    await files.rename("/d", "/e");
    await file.truncate(3);
    await files.syncDirectory("/e");
    await files.remove("/e/g");
    file.writeSync([bytes("nameless")], 0);
    await files.removeDirectory("/e");
    files.crash("drop-all");
    end();
    files.crash("drop-all");
    assert.deepEqual(seen, [
      "write /d/f 5 second",
      "rename /d/f /d/g",
      "write /d/g 11 third",
      "sync /d/g",
      "rename /d /e",
      "truncate /e/g 3",
      "sync directory /e",
      "remove /e/g",
      "remove /e",
      "crash",
    ]);
  });

  test("what it was given is not changed by whoever wrote it", async () => {
    const { files, file } = await withFile();
    const kept: Uint8Array[] = [];
    files.addObserver({ written: (_path, _position, what) => kept.push(what) });
    const own = bytes("mine");
    file.writeSync([own], 0);
    own.fill(0);
    assert.equal(text(kept[0] ?? own), "mine");
  });

  test("sees what fitted when space ran out (B5)", async () => {
    const { files, file } = await withFile();
    const { seen, observer } = record();
    files.addObserver(observer);
    files.setCapacity(4096);
    assert.throws(() => file.writeSync([new Uint8Array(4096).fill(65)], 4000), /ENOSPC/);
    assert.deepEqual(seen, [`write /d/f 4000 ${"A".repeat(96)}`]);
  });

  test("is told of each deception (D3)", async () => {
    const { files, file } = await withFile();
    const { seen, observer } = record();
    files.addObserver(observer);
    files.setFaultPolicy(once("datasync", { kind: "lying-sync" }));
    await file.datasync();
    files.setFaultPolicy(once("sync-directory", { kind: "lying-sync" }));
    await files.syncDirectory("/d");
    files.setFaultPolicy(once("write", { kind: "lost-write" }));
    file.writeSync([bytes("x")], 0);
    files.setFaultPolicy(once("write", { kind: "misdirected-write", position: 9 }));
    file.writeSync([bytes("y")], 0);
    files.flipBit("/d/f", 0);
    files.restore(files.image());
    assert.deepEqual(seen, [
      "lying-sync /d/f",
      "lying-sync /d",
      "lost-write /d/f",
      "write /d/f 9 y",
      "misdirected-write /d/f",
      "bit-flip /d/f",
      "restored /",
    ]);
  });
});

describe("SimFileSystem: what is durable", () => {
  test("follows syncs of data and of names", async () => {
    const { files, file } = await withFile();
    const is = (what: string, position: number, path = "/d/f"): boolean =>
      files.isDurable(path, position, bytes(what));
    assert.ok(is("first", 0));
    assert.ok(!is("first!", 0), "beyond the end");
    file.writeSync([bytes("second")], 5);
    assert.ok(!is("second", 5));
    await file.datasync();
    assert.ok(is("firstsecond", 0));
    await files.rename("/d/f", "/d/g");
    assert.ok(is("first", 0), "the platters know the old name");
    assert.ok(!is("first", 0, "/d/g"));
    assert.ok(!files.isNameDurable("/d/g"));
    await files.syncDirectory("/d");
    assert.ok(is("first", 0, "/d/g"));
    assert.ok(files.isNameDurable("/d/g"));
    assert.ok(!is("first", 0));
  });

  test("is not what a failed sync has dropped, though the next one says yes (C35)", async () => {
    const files = new SimFileSystem({ random: new SeededRandom(1n) });
    let dropped = 0;
    for (let i = 0; i < 20; i++) {
      const file = await files.open(`/f${i}`, "create");
      await files.syncDirectory("/");
      file.writeSync([bytes("promise")], 0);
      files.setFaultPolicy(once("datasync", { kind: "error", errno: "EIO" }));
      await assert.rejects(file.datasync(), /EIO/);
      await file.datasync();
      assert.equal(text(files.contents(`/f${i}`)), "promise");
      if (!files.isDurable(`/f${i}`, 0, bytes("promise"))) dropped++;
    }
    assert.ok(dropped > 0 && dropped < 20, `${dropped} of 20`);
  });

  test("is not what a lying sync has promised, until the cache is written", async () => {
    const { files, file } = await withFile();
    file.writeSync([bytes("lie")], 0);
    files.setFaultPolicy(once("datasync", { kind: "lying-sync" }));
    await file.datasync();
    assert.ok(!files.isDurable("/d/f", 0, bytes("lie")));
    files.syncAll();
    assert.ok(files.isDurable("/d/f", 0, bytes("lie")));
  });

  test("across pages and holes", async () => {
    const { files, file } = await withFile();
    file.writeSync([new Uint8Array(10_000).fill(7)], 20_000);
    await file.datasync();
    assert.ok(files.isDurable("/d/f", 20_000, new Uint8Array(10_000).fill(7)));
    assert.ok(files.isDurable("/d/f", 6_000, new Uint8Array(14_000)));
    assert.ok(!files.isDurable("/d/f", 6_000, new Uint8Array(14_001)));
  });
});

describe("SimFileSystem: images (B16)", () => {
  test("bring back what was there, names included, and leave the image as it is", async () => {
    const { files, file } = await withFile();
    file.writeSync([bytes("unsynced")], 0);
    const image = files.image();
    file.writeSync([bytes("later")], 0);
    await files.remove("/d/f");
    await (await files.open("/d/new", "create")).close();
    for (let i = 0; i < 2; i++) {
      files.restore(image);
      files.crash("drop-all");
      assert.deepEqual(await files.list("/d"), ["f"]);
      assert.equal(text(files.contents("/d/f")), "unsynced");
      const again = await files.open("/d/f", "write");
      again.writeSync([bytes("changed")], 0);
      await again.datasync();
    }
    assert.throws(() => file.writeSync([bytes("ghost")], 0), /crashed/);
  });

  test("a wiped disk is empty and has all its space", async () => {
    const { files } = await withFile();
    files.setCapacity(4096);
    files.wipe();
    assert.deepEqual(await files.list("/"), []);
    const file = await files.open("/f", "create");
    file.writeSync([new Uint8Array(4096)], 0);
  });

  test("copies do not see each other's writes", async () => {
    const { files, file } = await withFile();
    const copy = files.clone(new SeededRandom(2n));
    file.writeSync([bytes("FIRST")], 0);
    assert.equal(text(copy.contents("/d/f")), "first");
    const other = await copy.open("/d/f", "write");
    other.writeSync([bytes("other")], 0);
    assert.equal(text(files.contents("/d/f")), "FIRST");
    files.crash("drop-all");
    assert.equal(text(files.contents("/d/f")), "first");
  });
});

test("a bit flipped on the way from the disk is right again when it is read again", async () => {
  const { files, file } = await withFile();
  files.setFaultPolicy(once("read", { kind: "bit-flip", bit: 8 * 2 + 1 }));
  const { seen, observer } = record();
  files.addObserver(observer);
  const target = new Uint8Array(5);
  assert.equal(await file.read(target, 0), 5);
  assert.equal(text(target), "fipst");
  assert.deepEqual(seen, ["misread /d/f"]);
  assert.equal(file.readSync(target, 0), 5);
  assert.equal(text(target), "first");
});
