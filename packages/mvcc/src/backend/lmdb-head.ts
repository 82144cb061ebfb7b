/**
 * What the first pages of an LMDB file tell. LMDB maps a file and believes it: a file that was cut
 * short, by a copy that did not finish, ends the process by a signal when a missing page is
 * touched, without a word. So what can be known before is looked at before (B7).
 *
 * Two meta pages; each has, behind a page head of 24 bytes: magic, version (uint32), address, size
 * of the map (uint64), two trees (48 bytes: page size, counts, root), last page, transaction.
 */
const magic = 0xbeefc0de;
const magicOffset = 24;
const version = 2;
const versionOffset = 28;
const pageSizeOffset = 48;
const freeRootOffset = 88;
const mainRootOffset = 136;
const transactionOffset = 152;
const metaBytes = 160;
const pageBytesMax = 64 * 1024;
/** Root of a tree without rows. */
const noPage = 2n ** 64n - 1n;

/** Bytes that the functions of this file look at, at most. */
export const lmdbHeadBytes: number = pageBytesMax + metaBytes;

/** Whether a file begins as one of LMDB does, in the version we use. */
export function isLmdbHead(head: Uint8Array): boolean {
  return head.length >= magicOffset + 4 && viewOf(head).getUint32(magicOffset, true) === magic;
}

/** What is wrong with a file that begins so, as the end of a sentence; undefined for nothing. */
export function lmdbDamage(head: Uint8Array, sizeBytes: number): string | undefined {
  const view = viewOf(head);
  if (head.length < metaBytes) return `it is cut short: ${sizeBytes} bytes are left`;
  const found = view.getUint32(versionOffset, true);
  if (found !== version) return `its format version is ${found}, expected ${version}`;
  const pageBytes = view.getUint32(pageSizeOffset, true);
  if (pageBytes < 512 || pageBytes > pageBytesMax) return `its page size is ${pageBytes}`;
  if (head.length < pageBytes + metaBytes) {
    return `it is cut short: ${sizeBytes} bytes are left`;
  }
  const transactionAt = (meta: number): bigint => view.getBigUint64(meta + transactionOffset, true);
  const newest = transactionAt(pageBytes) > transactionAt(0) ? pageBytes : 0;
  for (const offset of [freeRootOffset, mainRootOffset]) {
    const root = view.getBigUint64(newest + offset, true);
    if (root === noPage || (root + 1n) * BigInt(pageBytes) <= BigInt(sizeBytes)) continue;
    return `it is cut short: ${sizeBytes} bytes are left, page ${root} is missing`;
  }
  return undefined;
}

function viewOf(head: Uint8Array): DataView {
  return new DataView(head.buffer, head.byteOffset, head.byteLength);
}
