import { Buffer } from "node:buffer";
import type { HeaderField } from "../src/hpack/header-field.ts";
import { HpackDecoder, type HpackDecoderOptions } from "../src/hpack/hpack-decoder.ts";

/** Name and value of a field. */
export type Pair = readonly [string, string];

/** A decoder with the limits of a server, or those given. */
export function decoderWith(options: Partial<HpackDecoderOptions>): HpackDecoder {
  return new HpackDecoder({
    tableBytesMax: 4_096,
    listBytesMax: 16_384,
    fieldsMax: 128,
    ...options,
  });
}

/** Bytes of hexadecimal digits; spaces and line ends between them are ignored. */
export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

/** Fields as plain pairs, to compare. */
export function pairsOf(fields: readonly HeaderField[]): Pair[] {
  return fields.map(({ name, value }) => [name, value]);
}

/** An integer of RFC 7541, 5.1 with the bits before its prefix. */
export function integerBytes(pattern: number, prefixMax: number, value: number): number[] {
  if (value < prefixMax) return [pattern | value];
  const bytes = [pattern | prefixMax];
  let rest = value - prefixMax;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

/** A string of RFC 7541, 5.2 without Huffman code. */
export function stringBytes(text: string): number[] {
  return [...integerBytes(0, 127, text.length), ...Buffer.from(text, "latin1")];
}

/** A literal field (6.2) whose name is written out. */
export function literalBytes(
  kind: "indexed" | "plain" | "never indexed",
  [name, value]: Pair,
): number[] {
  const first = { indexed: 0x40, plain: 0x00, "never indexed": 0x10 }[kind];
  return [first, ...stringBytes(name), ...stringBytes(value)];
}

/** A table size update (6.3). */
export function sizeBytes(bytes: number): number[] {
  return integerBytes(0x20, 0x1f, bytes);
}
