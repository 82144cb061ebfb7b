/** What members tell each other about leases: ids there, seconds back. */

const wordBytes = 8;

/** Halves of a 64-bit lease id, signed integers of 32 bits. */
export interface IdHalves {
  readonly idHigh: number;
  readonly idLow: number;
}

/** Lease ids as the payload of a question. */
export function encodeIds(ids: readonly IdHalves[]): Uint8Array {
  const payload = Buffer.allocUnsafe(ids.length * wordBytes);
  let at = 0;
  for (const { idHigh, idLow } of ids) {
    payload.writeInt32LE(idLow, at);
    payload.writeInt32LE(idHigh, at + wordBytes / 2);
    at += wordBytes;
  }
  return payload;
}

/** The ids of a question; none if it is malformed. */
export function decodeIds(payload: Uint8Array): readonly IdHalves[] {
  if (payload.length % wordBytes !== 0) return [];
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const ids: IdHalves[] = [];
  for (let at = 0; at < payload.length; at += wordBytes) {
    ids.push({ idHigh: view.getInt32(at + wordBytes / 2, true), idLow: view.getInt32(at, true) });
  }
  return ids;
}

/** Seconds as the payload of an answer; undefined is "ask again". */
export function encodeSeconds(seconds: readonly (number | undefined)[]): Uint8Array {
  const payload = Buffer.allocUnsafe(seconds.length * wordBytes);
  for (const [index, each] of seconds.entries()) {
    payload.writeDoubleLE(each ?? Number.NaN, index * wordBytes);
  }
  return payload;
}

/** The seconds of an answer; none if it is malformed. */
export function decodeSeconds(payload: Uint8Array): readonly (number | undefined)[] {
  if (payload.length % wordBytes !== 0) return [];
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const seconds: (number | undefined)[] = [];
  for (let at = 0; at < payload.length; at += wordBytes) {
    const each = view.getFloat64(at, true);
    seconds.push(Number.isNaN(each) ? undefined : each);
  }
  return seconds;
}
