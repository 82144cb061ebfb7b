/**
 * Header blocks of gRPC calls in HPACK (RFC 7541), as little of it as a load generator needs.
 *
 * Requests: the first call of a connection puts its four literals into the server's dynamic table,
 * later calls of the same method name them by four index bytes, which is what real clients send.
 * Responses: the generator allows the server no dynamic table (SETTINGS_HEADER_TABLE_SIZE 0), so
 * every block can be read without state, and only `grpc-status` is looked for.
 */

const staticIndex = {
  authority: 1,
  methodPost: 3,
  path: 4,
  schemeHttp: 6,
  contentType: 31,
} as const;

/** The part of a block that is the same everywhere: POST over http. */
const prologue = [0x80 | staticIndex.methodPost, 0x80 | staticIndex.schemeHttp];

/** Places of the four literals of {@link openingBlock} in the table: the newest is 62. */
const dynamicIndex = { te: 62, contentType: 63, path: 64, authority: 65 } as const;

/** The block of a connection's first call: what it names is in the table from then on. */
export function openingBlock(authority: string, path: string): Buffer {
  return Buffer.from([
    ...prologue,
    ...[0x40 | staticIndex.authority, ...text(authority)],
    ...[0x40 | staticIndex.path, ...text(path)],
    ...[0x40 | staticIndex.contentType, ...text("application/grpc")],
    ...[0x40, ...text("te"), ...text("trailers")],
  ]);
}

/** The block of a later call with the path of the first one. */
export function repeatedBlock(): Buffer {
  return laterBlock([0x80 | dynamicIndex.path]);
}

/** The block of a later call with another path, which stays out of the table. */
export function otherPathBlock(path: string): Buffer {
  return laterBlock([staticIndex.path, ...text(path)]);
}

function laterBlock(path: readonly number[]): Buffer {
  const { authority, contentType, te } = dynamicIndex;
  return Buffer.from([...prologue, 0x80 | authority, ...path, 0x80 | contentType, 0x80 | te]);
}

/** Names of the field looked for: plain, and in the code of RFC 7541 appendix B. */
const statusNames = ["grpc-status", huffman("grpc-status")];

/**
 * Reads `grpc-status` from a block that refers to no dynamic table.
 *
 * @returns undefined when the block has none: the headers before the messages.
 * @throws Error when the block uses the dynamic table.
 */
export function readGrpcStatus(block: Buffer): number | undefined {
  let status: number | undefined;
  const reader = new BlockReader(block);
  while (!reader.isAtEnd) {
    const first = reader.peek();
    if ((first & 0x80) !== 0) {
      const index = reader.integer(7);
      if (index > 61) throw new Error(`Cannot read a header block: it uses entry ${index}`);
    } else if ((first & 0xe0) === 0x20) {
      reader.integer(5);
    } else {
      const nameIndex = reader.integer((first & 0x40) !== 0 ? 6 : 4);
      const name = nameIndex === 0 ? reader.string() : undefined;
      const value = reader.string();
      if (name !== undefined && statusNames.includes(name)) status = statusOf(value);
    }
  }
  return status;
}

class BlockReader {
  readonly #block: Buffer;
  #offset = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#block.length;
  }

  peek(): number {
    return this.#block.readUInt8(this.#offset);
  }

  integer(prefixBits: number): number {
    const prefixMax = 2 ** prefixBits - 1;
    let value = this.#next() & prefixMax;
    if (value < prefixMax) return value;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#next();
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
  }

  /** The bytes of a string as latin1, still in Huffman's code if it was sent so. */
  string(): string {
    const length = this.integer(7);
    const begin = this.#offset;
    this.#offset += length;
    return this.#block.toString("latin1", begin, this.#offset);
  }

  #next(): number {
    const byte = this.#block.readUInt8(this.#offset);
    this.#offset += 1;
    return byte;
  }
}

/** A status is a number up to 16, sent plain or in Huffman's code. */
function statusOf(value: string): number {
  for (let status = 0; status <= 16; status += 1) {
    if (value === String(status) || value === huffman(String(status))) return status;
  }
  throw new Error(`Cannot read grpc-status: ${Buffer.from(value, "latin1").toString("hex")}`);
}

/** Encodes what consists of the few letters of `grpc-status` and digits (RFC 7541, appendix B). */
function huffman(plain: string): string {
  const codes: Readonly<Record<string, string>> = {
    ...{ g: "100110", r: "101100", p: "101011", c: "00100", "-": "010110", s: "01000" },
    ...{ t: "01001", a: "00011", u: "101101", "0": "00000", "1": "00001", "2": "00010" },
    ...{ "3": "011001", "4": "011010", "5": "011011", "6": "011100", "7": "011101" },
    ...{ "8": "011110", "9": "011111" },
  };
  const bits = [...plain].map((letter) => codes[letter] ?? "").join("");
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  const bytes = padded.match(/.{8}/g) ?? [];
  return String.fromCharCode(...bytes.map((byte) => Number.parseInt(byte, 2)));
}

/** A string literal, without Huffman's code; up to 126 bytes. */
function text(value: string): number[] {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length > 126) throw new Error(`Cannot encode a header: "${value}" is too long`);
  return [bytes.length, ...bytes];
}
