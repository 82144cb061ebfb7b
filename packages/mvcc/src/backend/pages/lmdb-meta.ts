/**
 * The two meta pages of an LMDB file, and which of them LMDB takes.
 *
 * Behind a page head of 24 bytes: magic, version (uint32), address, size of the map (uint64), two
 * trees (48 bytes: page size, flags, depth, counts, root), last page, transaction (uint64). All
 * numbers are in the order of the machine, which is little-endian wherever we run. Transaction n
 * writes meta page n % 2, beyond magic and version; so the other one is that of n - 1.
 */

/** Where things are in a meta page, in bytes from its begin. */
export const metaLayout = {
  magic: 24,
  version: 28,
  freeTree: 48,
  /** Stands where a tree of keys of one length has that length. */
  pageSize: 48,
  freeRoot: 88,
  mainTree: 96,
  mainRoot: 136,
  lastPage: 144,
  transaction: 152,
  /** Behind all that means something. */
  end: 160,
} as const;

/** What every meta page begins with, behind its head. */
export const lmdbMagic = 0xbeefc0de;
/** Version of the format. */
export const lmdbVersion = 2;
/** Bytes of the head of every page. */
export const pageHeadBytes = 24;
/** Bytes of a page, at most. */
export const pageBytesMax: number = 64 * 1024;
/** Whether pages can have this size. */
export function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= pageBytesMax && Number.isInteger(Math.log2(bytes));
}

/** Root of a tree without rows. */
export const noPage: bigint = 2n ** 64n - 1n;

/** Flags of a page: what it is. */
export const pageKinds = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;

/** A B+ tree of pages as its record tells. */
export interface TreeRecord {
  readonly flags: number;
  /** Pages from the root to a leaf, both included; 0 without rows. */
  readonly depth: number;
  readonly entries: number;
  /** Undefined without rows. */
  readonly root: number | undefined;
}

/** What a meta page says that LMDB goes by. */
export interface LmdbMeta {
  readonly pageBytes: number;
  readonly transaction: number;
  /** The last page that was ever taken; the file is shorter if those behind its end are free. */
  readonly lastPage: number;
  readonly freeTree: TreeRecord;
  readonly mainTree: TreeRecord;
}

/** Bytes of the record of a tree. */
export const treeBytes: number = 48;

/** Reads the record of a tree at any offset. */
export function readTree(view: DataView, at: number): TreeRecord {
  const root = view.getBigUint64(at + 40, true);
  return {
    flags: view.getUint16(at + 4, true),
    depth: view.getUint16(at + 6, true),
    entries: Number(view.getBigUint64(at + 32, true)),
    root: root === noPage ? undefined : Number(root),
  };
}

/** Flags of trees that say how keys compare and whether a key may have several values. */
const orderFlags = 0x1ff;
/** Keys of the tree of free pages are numbers. */
const numberKeys = 8;

/**
 * The meta page that LMDB takes.
 *
 * @param head - The first bytes of the file, both meta pages among them.
 * @returns A string says what is wrong.
 */
export function pickMeta(head: Uint8Array): LmdbMeta | string {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const pageBytes = view.getUint32(metaLayout.pageSize, true);
  if (!isPageSize(pageBytes)) return `the page size is ${pageBytes}`;
  if (head.length < pageBytes + metaLayout.end) return "the second meta page is missing";
  for (const [page, at] of [0, pageBytes].entries()) {
    const problem = fixedProblem(view, at, pageBytes);
    if (problem !== undefined) return `meta page ${page}: ${problem}`;
  }
  const [first, second] = [readMeta(view, 0), readMeta(view, pageBytes)];
  const isSecond = second.transaction > first.transaction;
  const [newer, older] = isSecond ? [second, first] : [first, second];
  const { transaction } = newer;
  const isInPlace = transaction % 2 === (isSecond ? 1 : 0) && Number.isSafeInteger(transaction);
  // A compact copy has one meta page that was never written.
  const isNext = transaction - older.transaction === 1 || older.transaction === 0;
  if (!isInPlace || !isNext) {
    const both = `${first.transaction} and ${second.transaction}`;
    return `the meta pages are of transactions ${both}, wanted two in a row, the odd one second`;
  }
  if (newer.lastPage < 1) return `the last page is ${newer.lastPage}`;
  const freeFlags = newer.freeTree.flags & orderFlags;
  if (freeFlags !== numberKeys)
    return `the tree of free pages has flags 0x${freeFlags.toString(16)}`;
  return newer;
}

/** What is wrong with what all meta pages have in common. */
function fixedProblem(view: DataView, at: number, pageBytes: number): string | undefined {
  const flags = view.getUint16(at + 18, true);
  if (flags !== pageKinds.meta) return `its flags are 0x${flags.toString(16)}`;
  if (view.getUint32(at + metaLayout.magic, true) !== lmdbMagic) return "its magic number is wrong";
  const found = view.getUint32(at + metaLayout.version, true);
  if (found !== lmdbVersion) return `its format version is ${found}, wanted ${lmdbVersion}`;
  const bytes = view.getUint32(at + metaLayout.pageSize, true);
  return bytes === pageBytes ? undefined : `its page size is ${bytes}, wanted ${pageBytes}`;
}

function readMeta(view: DataView, at: number): LmdbMeta {
  return {
    pageBytes: view.getUint32(at + metaLayout.pageSize, true),
    transaction: Number(view.getBigUint64(at + metaLayout.transaction, true)),
    lastPage: Number(view.getBigUint64(at + metaLayout.lastPage, true)),
    freeTree: readTree(view, at + metaLayout.freeTree),
    mainTree: readTree(view, at + metaLayout.mainTree),
  };
}
