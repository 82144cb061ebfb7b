/** A field line: name and value, one character a byte. */
export type Field = readonly [name: string, value: string];

/** Writes field lines as literals without indexing and without Huffman code (RFC 7541, 6.2.2). */
export function encodeFields(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  );
}

/** The fields of a gRPC request; `changes` replaces, by undefined removes, or appends. */
export function requestFields(
  path: string,
  changes: Readonly<Record<string, string | undefined>> = {},
): readonly Field[] {
  const all: Record<string, string | undefined> = {
    ":method": "POST",
    ":scheme": "http",
    ":path": path,
    ":authority": "localhost",
    "content-type": "application/grpc",
    te: "trailers",
    ...changes,
  };
  return Object.entries(all).flatMap(([name, value]): readonly Field[] => {
    return value === undefined ? [] : [[name, value]];
  });
}

/** An integer with a prefix of so many bits (RFC 7541, 5.1); `first` holds the bits before it. */
export function prefixedInteger(value: number, prefixBits: number, first = 0): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([first | value]);
  const bytes = [first | most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A string literal without Huffman code (RFC 7541, 5.2). */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([prefixedInteger(bytes.length, 7), bytes]);
}

/**
 * Decodes the field blocks of one connection, in order, straight from RFC 7541 and sharing nothing
 * with the code under test.
 */
export class FieldDecoder {
  /** Newest first. */
  #table: Field[] = [];
  #tableSizeMax: number;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(tableSizeMax = 4_096) {
    this.#tableSizeMax = tableSizeMax;
  }

  decode(block: Buffer): readonly Field[] {
    this.#bytes = block;
    this.#at = 0;
    const fields: Field[] = [];
    while (this.#at < block.length) {
      const first = block.readUInt8(this.#at);
      if (first >= 0x80) {
        fields.push(this.#entry(this.#integer(7)));
      } else if (first >= 0x40) {
        const field = this.#literalField(6);
        fields.push(field);
        this.#table.unshift(field);
        this.#evict();
      } else if (first >= 0x20) {
        this.#tableSizeMax = this.#integer(5);
        this.#evict();
      } else {
        fields.push(this.#literalField(4));
      }
    }
    return fields;
  }

  #literalField(prefixBits: number): Field {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#text() : this.#entry(index)[0];
    return [name, this.#text()];
  }

  #entry(index: number): Field {
    const entry = index <= staticTable.length ? staticTable[index - 1] : undefined;
    const found = entry ?? this.#table[index - staticTable.length - 1];
    if (found === undefined) throw new Error(`The server used index ${index}, which is empty`);
    return found;
  }

  #evict(): void {
    let size = 0;
    const kept = this.#table.filter(([name, value]) => {
      size += name.length + value.length + 32;
      return size <= this.#tableSizeMax;
    });
    this.#table = kept;
  }

  #integer(prefixBits: number): number {
    const most = 2 ** prefixBits - 1;
    let value = this.#byte() & most;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  #text(): string {
    const isHuffman = this.#bytes.readUInt8(this.#at) >= 128;
    const length = this.#integer(7);
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new Error("A string of the server ends after its block");
    this.#at += length;
    return isHuffman ? decodeHuffman(bytes) : bytes.toString("latin1");
  }

  #byte(): number {
    const byte = this.#bytes.readUInt8(this.#at);
    this.#at += 1;
    return byte;
  }
}

/** Lengths of the codes of the 256 bytes and of EOS (RFC 7541, appendix B): run-length pairs. */
const huffmanLengths =
  "13 23 28*7 24 30 28*2 30 28*8 30 28*9 6 10*2 12 13 6 8 11 10*2 8 11 8 6*3 5*3 6*7 7 8 15 6 12 " +
  "10 13 6 7*22 8 7 8 13 19 13 14 6 15 5 6 5 6 5 6*3 5 7*2 6*3 5 6 7 6 5*2 6 7*5 15 11 14 13 28 " +
  "20 22 20*2 22*3 23 22 23*5 24 23 24*2 22 23 24 23*4 21 22 23 22 23*2 24 22 21 20 22*2 23*2 21 " +
  "23 22*2 24 21 22 23*2 21*2 22 21 23 22 23*2 20 22*3 23 22*2 23 26*2 20 19 22 23 22 25 26*3 " +
  "27*2 26 24 25 19 21 26 27*2 26 27 24 21*2 26*2 28 27*3 20 24 20 21 22 21*2 23 22*2 25*2 24*2 " +
  "26 23 26 27 26*2 27*5 28 27*5 26 30";

/** The code is canonical: by length, then by byte. Key: `length/code`. */
const huffmanBytes: ReadonlyMap<string, number> = (() => {
  const lengths = huffmanLengths.split(" ").flatMap((run) => {
    const [length, count] = run.split("*").map(Number);
    return Array.from({ length: count ?? 1 }, () => length ?? 0);
  });
  const symbols = lengths.map((length, byte) => ({ length, byte }));
  symbols.sort((left, right) => left.length - right.length || left.byte - right.byte);
  const bytes = new Map<string, number>();
  let code = 0;
  let previous = 0;
  for (const { length, byte } of symbols) {
    code *= 2 ** (length - previous);
    previous = length;
    bytes.set(`${length}/${code}`, byte);
    code += 1;
  }
  return bytes;
})();

function decodeHuffman(bytes: Buffer): string {
  let text = "";
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = code * 2 + ((byte >> bit) & 1);
      length += 1;
      const symbol = huffmanBytes.get(`${length}/${code}`);
      if (symbol === undefined) continue;
      text += String.fromCharCode(symbol);
      code = 0;
      length = 0;
    }
  }
  if (length > 7 || code !== 2 ** length - 1) throw new Error("Wrong Huffman padding");
  return text;
}

/** RFC 7541, appendix A. */
const staticTable: readonly Field[] = [
  ":authority",
  ":method GET",
  ":method POST",
  ":path /",
  ":path /index.html",
  ":scheme http",
  ":scheme https",
  ":status 200",
  ":status 204",
  ":status 206",
  ":status 304",
  ":status 400",
  ":status 404",
  ":status 500",
  "accept-charset",
  "accept-encoding gzip, deflate",
  "accept-language",
  "accept-ranges",
  "accept",
  "access-control-allow-origin",
  "age",
  "allow",
  "authorization",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "content-length",
  "content-location",
  "content-range",
  "content-type",
  "cookie",
  "date",
  "etag",
  "expect",
  "expires",
  "from",
  "host",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "link",
  "location",
  "max-forwards",
  "proxy-authenticate",
  "proxy-authorization",
  "range",
  "referer",
  "refresh",
  "retry-after",
  "server",
  "set-cookie",
  "strict-transport-security",
  "transfer-encoding",
  "user-agent",
  "vary",
  "via",
  "www-authenticate",
].map((line): Field => {
  const space = line.indexOf(" ");
  return space === -1 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
});
