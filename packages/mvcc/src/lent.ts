/**
 * Copies a lent value (see `ScanRange.isLent`), or its first bytes, into Node's pool. `length` of
 * lmdb's reused buffer says how much of it belongs to the row; the buffer itself is longer.
 */
export function copyLent(lent: Uint8Array, length: number = lent.length): Uint8Array {
  const copy = Buffer.allocUnsafe(length);
  // Hot: below some 50 bytes the loop beats making a view.
  if (length > 50) copy.set(lent.subarray(0, length));
  else for (let at = 0; at < length; at++) copy[at] = lent[at] ?? 0;
  return copy;
}
