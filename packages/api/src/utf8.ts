import { DecodeError } from "./decode-error.ts";

// Own code instead of TextEncoder and TextDecoder: those are globals of a platform, which this
// package does not know, and the strings of this protocol (names, addresses, tokens) are short, so
// that the call into the platform costs more than the loop.

/** Most code units given to `String.fromCharCode` at once: its arguments are on the stack. */
const chunkUnitsMax = 4096;

/** Stands for a surrogate without its other half, which has no form in UTF-8. */
const replacement = 0xfffd;

/** Counts the bytes of `text` in UTF-8; a lone surrogate counts as U+FFFD. O(length). */
export function utf8Size(text: string): number {
  let size = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      size += 1;
    } else {
      size += 2;
      // A pair is two units and four bytes: both halves together add two.
      if (isHighSurrogate(unit) && isLowSurrogate(text.charCodeAt(index + 1))) index++;
    }
  }
  return size;
}

/**
 * Writes `text` as UTF-8 from `offset` on; a lone surrogate becomes U+FFFD. O(length).
 *
 * @returns The offset behind the last byte written.
 */
export function writeUtf8(text: string, target: Uint8Array, offset: number): number {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      target[offset++] = unit;
    } else if (unit < 0x800) {
      target[offset++] = 0xc0 | (unit >> 6);
      target[offset++] = 0x80 | (unit & 0x3f);
    } else {
      const point = codePointAt(text, index);
      if (point > 0xffff) {
        index++;
        target[offset++] = 0xf0 | (point >> 18);
        target[offset++] = 0x80 | ((point >> 12) & 0x3f);
      } else {
        target[offset++] = 0xe0 | (point >> 12);
      }
      target[offset++] = 0x80 | ((point >> 6) & 0x3f);
      target[offset++] = 0x80 | (point & 0x3f);
    }
  }
  return offset;
}

/**
 * Reads `[begin, end)` as UTF-8. O(length).
 *
 * @throws {@link DecodeError} for what is not well-formed (Unicode 15, table 3-7): overlong forms,
 * surrogates, values beyond U+10FFFF, truncated sequences.
 */
export function readUtf8(bytes: Uint8Array, begin: number, end: number): string {
  let text = "";
  let units: number[] = [];
  let offset = begin;
  while (offset < end) {
    const first = bytes[offset] ?? 0;
    if (first < 0x80) {
      units.push(first);
      offset++;
    } else {
      const length = sequenceLength(first);
      if (length === 0 || offset + length > end) throw malformed(offset);
      offset = readSequence(bytes, offset, length, units);
    }
    if (units.length >= chunkUnitsMax) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** Length of the sequence that starts with `first`; 0 if none does. */
function sequenceLength(first: number): number {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/** Decodes one sequence of 2 to 4 bytes that lies within bounds; returns the offset behind it. */
function readSequence(bytes: Uint8Array, offset: number, length: number, units: number[]): number {
  let point = (bytes[offset] ?? 0) & (0x7f >> length);
  for (let index = 1; index < length; index++) {
    const next = bytes[offset + index] ?? 0;
    if ((next & 0xc0) !== 0x80) throw malformed(offset);
    point = (point << 6) | (next & 0x3f);
  }
  const isOverlong = (length === 3 && point < 0x800) || (length === 4 && point < 0x10000);
  const isSurrogate = point >= 0xd800 && point <= 0xdfff;
  if (isOverlong || isSurrogate || point > 0x10ffff) throw malformed(offset);
  if (point > 0xffff) {
    units.push(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
  } else {
    units.push(point);
  }
  return offset + length;
}

function codePointAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  if (unit < 0xd800 || unit > 0xdfff) return unit;
  const next = text.charCodeAt(index + 1);
  if (!isHighSurrogate(unit) || !isLowSurrogate(next)) return replacement;
  return 0x10000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/** False for the NaN that `charCodeAt` gives behind the end. */
function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function malformed(offset: number): DecodeError {
  return new DecodeError("string is not UTF-8", offset);
}
