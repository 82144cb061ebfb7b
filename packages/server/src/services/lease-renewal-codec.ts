/**
 * The messages of keep-alive streams between wire bytes and the halves of lease ids: no message, no
 * number of 64 bits is made for a renewal.
 */
import {
  decodeLeaseKeepAliveRequest,
  int64Size,
  type LeaseKeepAliveResponse,
  Writer,
} from "@quorate/api";
import { highOfId, lowOfId } from "@quorate/state-machine";
import type { LeaseRenewal } from "../member/lease-renewal.ts";
import type { HeaderEncoder } from "./header.ts";

const idRequestTag = 0x08;
const idAnswerTag = 0x10;
const ttlAnswerTag = 0x18;
/** A varint of as many bytes has 63 bits; the tenth has a rule of its own. */
const plainIdBytesMax = 9;
const frameHeadBytes = 5;

/** Reads `LeaseKeepAliveRequest`s; its fields are those of the last one. */
export class RenewalReader {
  /** Upper 32 bits of the lease's id, as a signed integer. */
  idHigh = 0;
  /** Lower 32 bits. */
  idLow = 0;

  /**
   * Reads a request.
   *
   * @throws DecodeError when the bytes are malformed.
   */
  read(bytes: Uint8Array): void {
    if (this.#readPlain(bytes)) return;
    const { id } = decodeLeaseKeepAliveRequest(bytes);
    this.idHigh = highOfId(id);
    this.idLow = lowOfId(id);
  }

  /**
   * Reads what nearly all requests are: one id that is not negative.
   *
   * @returns false for everything else, which the codec reads.
   */
  #readPlain(bytes: Uint8Array): boolean {
    const last = bytes.length - 1;
    if (last < 1 || last > plainIdBytesMax || bytes[0] !== idRequestTag) return false;
    let high = 0;
    let low = 0;
    for (let at = 1; at <= last; at += 1) {
      const byte = bytes[at] ?? 0;
      // Only the last byte of a varint is below 128.
      if (byte < 0x80 !== (at === last)) return false;
      const bits = byte & 0x7f;
      const shift = 7 * (at - 1);
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    this.idHigh = high;
    this.idLow = low;
    return true;
  }
}

/**
 * Composes the answers of renewals, each a `LeaseKeepAliveResponse` framed for gRPC, one behind the
 * other.
 *
 * @param renewals - Those in `[begin, end)` have their seconds.
 */
export function composeRenewals(
  headers: HeaderEncoder,
  raftTerm: number,
  renewals: readonly LeaseRenewal[],
  { begin, end }: { readonly begin: number; readonly end: number },
): Uint8Array {
  let size = 0;
  for (let index = begin; index < end; index += 1) {
    const renewal = renewals[index];
    if (renewal === undefined) break;
    size += frameHeadBytes + headers.field(renewal.revision, raftTerm).length + bodySize(renewal);
  }
  const writer = new Writer(size);
  for (let index = begin; index < end; index += 1) {
    const renewal = renewals[index];
    if (renewal === undefined) break;
    const header = headers.field(renewal.revision, raftTerm);
    const { bytes } = writer;
    // Answers are shorter than 128 bytes: the first four bytes of the head are 0.
    bytes[writer.offset + frameHeadBytes - 1] = header.length + bodySize(renewal);
    writer.offset += frameHeadBytes;
    // A copy by `set` costs more than one of so few bytes by hand.
    for (let at = 0; at < header.length; at += 1) writer.byte(header[at] ?? 0);
    writeBody(writer, renewal);
  }
  return writer.finish();
}

type Answer = Pick<LeaseRenewal, "idHigh" | "idLow" | "ttlSeconds">;

/** Bytes of {@link LeaseKeepAliveResponse} behind its header. */
function bodySize({ idHigh, idLow, ttlSeconds = 0 }: Answer): number {
  let size = 0;
  if (idHigh !== 0 || idLow !== 0) size += 1 + halvesSize(idHigh, idLow);
  if (ttlSeconds !== 0) size += 1 + int64Size(ttlSeconds);
  return size;
}

function writeBody(writer: Writer, { idHigh, idLow, ttlSeconds = 0 }: Answer): void {
  if (idHigh !== 0 || idLow !== 0) {
    writer.byte(idAnswerTag);
    let high = idHigh;
    let low = idLow;
    while (high !== 0 || low >>> 7 !== 0) {
      writer.byte((low & 0x7f) | 0x80);
      low = (low >>> 7) | (high << 25);
      high >>>= 7;
    }
    writer.byte(low);
  }
  if (ttlSeconds !== 0) {
    writer.byte(ttlAnswerTag);
    writer.varint(ttlSeconds);
  }
}

/** Bytes of a varint of 64 bits that is not 0. */
function halvesSize(high: number, low: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high);
  return Math.ceil(bits / 7);
}
