/** What the check of a database's structure finds, and what it says (B7). */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ShapedDatabase, structureOf, type Step } from "./shaped-database.ts";
import { openLmdb, temporaryDirectory } from "./support.ts";

const directory = await temporaryDirectory();
after(directory.dispose);
const pageBytes = 4096;

/** Values of several pages, three branches, names, and free pages in a record. */
const history: readonly Step[] = [
  { kind: "versions", count: 6_000, size: 200 },
  { kind: "rows", count: 150, key: 500, size: 300 },
  { kind: "rows", count: 20, key: 30, size: 9_000 },
  { kind: "defragment" },
  { kind: "versions", count: 1, size: 20 },
  { kind: "commit" },
];
let sound = Buffer.alloc(0);

before(async () => {
  const database = await ShapedDatabase.open(directory.path, {});
  for (const step of history) await database.take(step);
  await database.close();
  sound = await readFile(database.path);
});

/** A file that is about to be damaged. */
class Damaged {
  readonly bytes: Buffer = Buffer.from(sound);

  /** Where the meta page in force begins. */
  get meta(): number {
    const [first, second] = [
      this.bytes.readBigUInt64LE(152),
      this.bytes.readBigUInt64LE(4096 + 152),
    ];
    return second > first ? pageBytes : 0;
  }

  /** Root of the list of free pages. */
  get freeLeaf(): number {
    return Number(this.bytes.readBigUInt64LE(this.meta + 88)) * pageBytes;
  }

  /** The leaf with the records of all trees. */
  get names(): number {
    return Number(this.bytes.readBigUInt64LE(this.meta + 136)) * pageBytes;
  }

  /** Record of the tree of bucket `key`. */
  get keyTree(): number {
    for (let node = 0; node < 8; node++) {
      const at = this.node(this.names, node);
      const size = this.bytes.readUInt16LE(at + 6);
      if (this.bytes.toString("latin1", at + 8, at + 8 + size) === "key.1\0") return at + 8 + size;
    }
    throw new Error("there is no bucket key");
  }

  /** Root of the tree of bucket `key`. */
  get branch(): number {
    return Number(this.bytes.readBigUInt64LE(this.keyTree + 40)) * pageBytes;
  }

  /** Child of a branch. */
  child(branch: number, node: number): number {
    const at = this.node(branch, node);
    return (this.bytes.readUInt32LE(at) + this.bytes.readUInt16LE(at + 4) * 2 ** 32) * pageBytes;
  }

  get leaf(): number {
    let at = this.branch;
    for (let depth = this.bytes.readUInt16LE(this.keyTree + 6); depth > 1; depth--) {
      at = this.child(at, 1);
    }
    return at;
  }

  /** Where a node begins. */
  node(page: number, node: number): number {
    return page + 24 + this.bytes.readUInt16LE(page + 24 + node * 2);
  }

  /** First page of a value that has several. */
  get overflow(): number {
    for (let page = sound.length - pageBytes; page > 0; page -= pageBytes) {
      const isHead = this.bytes.readUInt16LE(page + 18) === 4;
      if (isHead && this.bytes.readBigUInt64LE(page) === BigInt(page / pageBytes)) return page;
    }
    throw new Error("there is no large value");
  }

  add16(at: number, value: number): void {
    this.bytes.writeUInt16LE(this.bytes.readUInt16LE(at) + value, at);
  }

  add64(at: number, value: bigint): void {
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, this.bytes.readBigUInt64LE(at) + value), at);
  }
}

const damages: readonly (readonly [string, RegExp, (damaged: Damaged) => void])[] = [
  ["the second magic number", /meta page 1: its magic/, (d) => d.add16(4096 + 24, 1)],
  [
    "a far transaction",
    /meta pages are of transactions \d+ and \d+/,
    (d) => d.add64(d.meta + 152, 1024n),
  ],
  ["a transaction of the wrong parity", /the odd one second/, (d) => d.add64(d.meta + 152, 1n)],
  ["flags of the free list", /free pages has flags 0xc/, (d) => d.add16(d.meta + 52, 4)],
  ["flags of the names", /names has flags 2/, (d) => d.add16(d.meta + 100, 2)],
  [
    "too far a last page",
    /page \d+: it is missing, the file is cut short/,
    (d) => d.add64(d.meta + 144, 4096n),
  ],
  ["too near a last page", /it (leads to page|lists)/, (d) => d.add64(d.meta + 144, -3n)],
  [
    "the root of the names",
    /leads to page|its flags|is of transaction|its number/,
    (d) => d.add64(d.meta + 136, 1n),
  ],
  [
    "no root of the names",
    /page [01]: it tells of a tree of depth 1/,
    (d) => d.bytes.fill(255, d.meta + 136, d.meta + 144),
  ],
  [
    "the number of free records",
    /it tells of a tree of \d+ rows, there are \d/,
    (d) => d.add64(d.meta + 80, 1n),
  ],
  [
    "the depth of a tree",
    /its flags are 0x2, wanted 0x1|tree of depth/,
    (d) => d.add16(d.keyTree + 6, 1),
  ],
  ["flags of a tree", /the tree of node \d has flags 4/, (d) => d.add16(d.keyTree + 4, 4)],
  [
    "the rows of a tree",
    /it tells of a tree of 60\d+ rows, there are 60/,
    (d) => d.add64(d.keyTree + 32, 1n),
  ],
  [
    "a name's flags",
    /node 0 is not the record of a tree/,
    (d) => d.add16(d.node(d.names, 0) + 4, -2),
  ],
  [
    "names out of order",
    /node \d is out of order/,
    (d) => d.bytes.fill("x", d.node(d.names, 2) + 8, d.node(d.names, 2) + 9),
  ],
  ["the number of a branch", /its number is/, (d) => d.add64(d.branch, 1n)],
  [
    "the flags of a branch",
    /its flags are 0x2, wanted 0x1/,
    (d) => d.bytes.writeUInt16LE(2, d.branch + 18),
  ],
  [
    "a child out of range",
    /it leads to page 16777\d+, the last one is/,
    (d) => d.add16(d.node(d.branch, 1) + 3, 1),
  ],
  [
    "a child twice",
    /leads to page \d+, which is in use|out of order/,
    (d) => d.bytes.copy(d.bytes, d.node(d.branch, 1), d.node(d.branch, 0), d.node(d.branch, 0) + 6),
  ],
  [
    "a key of a branch",
    /its keys are not those that page \d+ says/,
    (d) => d.add16(d.node(d.branch, 1) + 8 + 7, 1),
  ],
  ["keys of a branch out of order", /out of order/, (d) => d.add16(d.node(d.branch, 1) + 8 + 4, 1)],
  [
    "one child",
    /bounds|no node at|it has one child/,
    (d) => d.bytes.writeUInt16LE(2, d.branch + 20),
  ],
  ["the number of a leaf", /its number is/, (d) => d.add64(d.leaf, 2n)],
  ["the flags of a leaf", /its flags are 0x22, wanted 0x2/, (d) => d.add16(d.leaf + 18, 0x20)],
  [
    "a transaction to come",
    /it is of transaction 1000\d+, the last one was/,
    (d) => d.add64(d.leaf + 8, 1_000_000n),
  ],
  ["an odd bound", /its bounds are/, (d) => d.add16(d.leaf + 20, 1)],
  ["a bound beyond the page", /its bounds are/, (d) => d.bytes.writeUInt16LE(4096, d.leaf + 22)],
  ["no nodes", /it is empty/, (d) => d.bytes.writeUInt16LE(0, d.leaf + 20)],
  ["a node too few", /its nodes|there is no node at/, (d) => d.add16(d.leaf + 20, -2)],
  [
    "an offset beyond the page",
    /node 1 is said to be at/,
    (d) => d.bytes.writeUInt16LE(4090, d.leaf + 26),
  ],
  [
    "two nodes in one place",
    /node 1 is at the place of another/,
    (d) => d.bytes.copy(d.bytes, d.leaf + 26, d.leaf + 24, d.leaf + 26),
  ],
  [
    "the size of a key",
    /node 0 has a key of 0 bytes/,
    (d) => d.bytes.writeUInt16LE(0, d.node(d.leaf, 0) + 6),
  ],
  [
    "the size of a value",
    /overlap|no node at|beyond the page/,
    (d) => d.add16(d.node(d.leaf, 0), 2),
  ],
  ["a huge value", /node 0 reaches beyond the page/, (d) => d.add16(d.node(d.leaf, 0) + 2, 1)],
  [
    "a value that should be elsewhere",
    /overlap|no node at|beyond the page/,
    (d) => d.add16(d.node(d.leaf, 0) + 4, 1),
  ],
  ["a row that should be a tree", /node 0 is not a row/, (d) => d.add16(d.node(d.leaf, 0) + 4, 2)],
  [
    "a row that has several values",
    /node 0 has flags 0x4/,
    (d) => d.add16(d.node(d.leaf, 0) + 4, 4),
  ],
  [
    "the number of a value's page",
    /its number is|not the first of a value/,
    (d) => d.add64(d.overflow, 1n),
  ],
  [
    "the pages of a value",
    /it has 4 pages, wanted 3|not the first of a value of 3/,
    (d) => d.add16(d.overflow + 20, 1),
  ],
  [
    "a free page that is in use",
    /it lists|which is (in use|free)/,
    (d) => d.add64(firstWord(d), 1n),
  ],
  [
    "a meta page that is free",
    /it lists 1 free pages from 1/,
    (d) => d.bytes.writeBigUInt64LE(1n, firstWord(d)),
  ],
  [
    "a run of free pages too long",
    /it lists \d+ free pages|no first page/,
    (d) => d.bytes.writeBigInt64LE(-5000n, firstWord(d)),
  ],
  [
    "more free pages than there is room for",
    /record of \d+ free pages tells of 5\d\d/,
    (d) => d.add64(firstWord(d) - 8, 500n),
  ],
];

/** The first word of a record of free pages, behind its number of words. */
function firstWord(damaged: Damaged): number {
  return damaged.node(damaged.freeLeaf, 0) + 8 + 8 + 8;
}

for (const [what, message, damage] of damages) {
  test(`B7 LmdbBackend.open refuses a file, damaged: ${what}`, async () => {
    const damaged = new Damaged();
    damage(damaged);
    assert.ok(!damaged.bytes.equals(sound), "something is damaged");
    const path = join(directory.path, what);
    await writeFile(path, damaged.bytes);
    await assert.rejects(openLmdb(path), (error: Error & { code?: string }) => {
      assert.match(error.message, message);
      const sentence =
        /^Cannot read database ".*": its structure is damaged: .*; remove this member/;
      assert.match(error.message, sentence);
      return error.code === "store-corrupt";
    });
    assert.ok((await readFile(path)).equals(damaged.bytes), "it is left as it was");
  });
}

test("a sound file has no lost pages, and may have bytes behind its last one", async () => {
  const path = join(directory.path, "sound");
  await writeFile(path, Buffer.concat([sound, Buffer.alloc(32, 7)]));
  const { pages, lostPages } = await structureOf(path);
  assert.equal(lostPages, 0);
  assert.ok(pages * pageBytes >= sound.length);
  await (await openLmdb(path)).close();
});

test("B7 LmdbBackend.open refuses a file whose page size is damaged", async () => {
  for (const [at, size] of [
    [48, 4097],
    [48, 2048],
    [48, 8192],
    [48, 0],
    [4096 + 48, 8192],
  ] as const) {
    const damaged = Buffer.from(sound);
    damaged.writeUInt32LE(size, at);
    const path = join(directory.path, `page size ${size} at ${at}`);
    await writeFile(path, damaged);
    const message = /^Cannot open database ".*": its page size is \d+/;
    await assert.rejects(openLmdb(path), { code: "backend-failed", message });
  }
});
