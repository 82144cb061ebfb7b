/**
 * What the first pages of an LMDB file tell. LMDB maps a file and believes it: a file that was cut
 * short, by a copy that did not finish, ends the process by a signal when a missing page is
 * touched, without a word. So what can be known before is looked at before (B7).
 */
import {
  isPageSize,
  lmdbMagic,
  lmdbVersion,
  metaLayout,
  noPage,
  pageBytesMax,
} from "./pages/lmdb-meta.ts";

/** Bytes that the functions of this file look at, at most. */
export const lmdbHeadBytes: number = pageBytesMax + metaLayout.end;

/** Whether a file begins as one of LMDB does, in the version we use. */
export function isLmdbHead(head: Uint8Array): boolean {
  return (
    head.length >= metaLayout.magic + 4 &&
    viewOf(head).getUint32(metaLayout.magic, true) === lmdbMagic
  );
}

/** What is wrong with a file that begins so, as the end of a sentence; undefined for nothing. */
export function lmdbDamage(head: Uint8Array, sizeBytes: number): string | undefined {
  const view = viewOf(head);
  if (head.length < metaLayout.end) return `it is cut short: ${sizeBytes} bytes are left`;
  const found = view.getUint32(metaLayout.version, true);
  if (found !== lmdbVersion) return `its format version is ${found}, expected ${lmdbVersion}`;
  const pageBytes = view.getUint32(metaLayout.pageSize, true);
  if (!isPageSize(pageBytes)) return `its page size is ${pageBytes}`;
  if (head.length < pageBytes + metaLayout.end) {
    return `it is cut short: ${sizeBytes} bytes are left`;
  }
  const other = view.getUint32(pageBytes + metaLayout.pageSize, true);
  if (other !== pageBytes) return `its page size is ${pageBytes} or ${other}`;
  const transactionAt = (meta: number): bigint =>
    view.getBigUint64(meta + metaLayout.transaction, true);
  const newest = transactionAt(pageBytes) > transactionAt(0) ? pageBytes : 0;
  for (const offset of [metaLayout.freeRoot, metaLayout.mainRoot]) {
    const root = view.getBigUint64(newest + offset, true);
    if (root === noPage || (root + 1n) * BigInt(pageBytes) <= BigInt(sizeBytes)) continue;
    return `it is cut short: ${sizeBytes} bytes are left, page ${root} is missing`;
  }
  return undefined;
}

function viewOf(head: Uint8Array): DataView {
  return new DataView(head.buffer, head.byteOffset, head.byteLength);
}
