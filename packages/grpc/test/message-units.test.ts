import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { decodeBinaryValue } from "../src/message/binary-value.ts";
import { parseGrpcTimeout } from "../src/message/grpc-timeout.ts";
import { type InflateResult, MessageInflater } from "../src/message/message-inflater.ts";
import { signal } from "../src/testing/signal.ts";
import { encodeStatusMessage } from "../src/message/status-message.ts";

describe("parseGrpcTimeout", () => {
  it("knows the six units", () => {
    const parsed = ["2H", "2M", "2S", "2m", "2u", "2n"].map(parseGrpcTimeout);
    assert.deepEqual(parsed, [7_200_000, 120_000, 2_000, 2, 0.002, 0.000002]);
  });

  it("takes up to eight digits, zeros too", () => {
    assert.equal(parseGrpcTimeout("99999999H"), 99_999_999 * 3_600_000);
    assert.equal(parseGrpcTimeout("00000000n"), 0);
    assert.equal(parseGrpcTimeout("00000012m"), 12);
  });

  it("refuses what the protocol has no meaning for", () => {
    const texts = [
      "",
      "1",
      "H",
      "1h",
      "1s",
      "-1S",
      "+1S",
      "1.5S",
      "123456789m",
      " 1S",
      "1S ",
      "1SS",
    ];
    for (const text of [...texts, "1\u0660S", "S1", "1m1m", "\0\0S"]) {
      assert.equal(parseGrpcTimeout(text), undefined, JSON.stringify(text));
    }
  });
});

describe("decodeBinaryValue", () => {
  it("takes base64 with padding and without", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const padded = Buffer.from(bytes).toString("base64");
        const plain = Buffer.from(bytes).toString("latin1");
        assert.equal(decodeBinaryValue(padded), plain);
        assert.equal(decodeBinaryValue(padded.replaceAll("=", "")), plain);
      }),
    );
  });

  it("takes the first of several values", () => {
    assert.equal(decodeBinaryValue("YQ==,Yg=="), "a");
    assert.equal(decodeBinaryValue("YQ,Yg"), "a");
    assert.equal(decodeBinaryValue(",Yg"), "");
  });
});

describe("encodeStatusMessage", () => {
  it("leaves printable ASCII but the percent sign, and escapes the bytes of all else", () => {
    const printable = 'etcdserver: mvcc: "key" is not provided <~!/?#[]@&=+,;\'()*$>';
    assert.equal(encodeStatusMessage(printable), printable);
    assert.equal(
      encodeStatusMessage("100%\n\x7f\0é€😀"),
      "100%25%0A%7F%00%C3%A9%E2%82%AC%F0%9F%98%80",
    );
    assert.equal(encodeStatusMessage("a\ud800b"), "a%EF%BF%BDb");
  });

  it("can be read back as a URI component can", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const encoded = encodeStatusMessage(text);
        assert.match(encoded, /^[ -~]*$/);
        assert.equal(decodeURIComponent(encoded), text);
      }),
    );
  });
});

describe("MessageInflater", () => {
  const inflated = (inflater: MessageInflater, bytes: Uint8Array): Promise<InflateResult> =>
    new Promise((resolve) => inflater.inflate(bytes, inflater, resolve));

  it("inflates small messages before it returns", () => {
    const inflater = new MessageInflater(1_000_000);
    for (const text of ["", "a", "b".repeat(65_536)]) {
      let result: InflateResult | undefined;
      inflater.inflate(gzipSync(text), inflater, (told) => (result = told));
      assert.equal(result?.kind === "message" && result.bytes.toString(), text);
    }
  });

  it("leaves the loop to others while it inflates large ones", async () => {
    const inflater = new MessageInflater(10_000_000);
    const large = Buffer.alloc(3_000_000, "large message ");
    let isTold = false;
    const result = new Promise<InflateResult>((resolve) => {
      inflater.inflate(gzipSync(large), inflater, (told) => {
        isTold = true;
        resolve(told);
      });
    });
    assert.ok(!isTold);
    const told = await result;
    assert.ok(told.kind === "message" && told.bytes.equals(large));
  });

  it("takes a message as large as the limit and refuses one byte more", async () => {
    for (const bytesMax of [100, 65_536, 65_537, 300_000]) {
      const inflater = new MessageInflater(bytesMax);
      const fits = await inflated(inflater, gzipSync(Buffer.alloc(bytesMax)));
      assert.ok(fits.kind === "message" && fits.bytes.length === bytesMax, `${bytesMax}`);
      const larger = await inflated(inflater, gzipSync(Buffer.alloc(bytesMax + 1)));
      assert.equal(larger.kind, "too-large", `${bytesMax} and one`);
    }
  });

  it("never makes much more than it may", async () => {
    const bomb = gzipSync(Buffer.alloc(200_000_000));
    const before = process.memoryUsage().arrayBuffers;
    const inflater = new MessageInflater(1_000_000);
    const results = await Promise.all(Array.from({ length: 8 }, () => inflated(inflater, bomb)));
    assert.ok(results.every(({ kind }) => kind === "too-large"));
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 50_000_000, `${grown} bytes`);
  });

  it("takes two threads of the pool at most: the third message waits for one of them", async () => {
    const inflater = new MessageInflater(100_000_000);
    const large = gzipSync(Buffer.alloc(30_000_000));
    const medium = gzipSync(Buffer.alloc(100_000));
    const order: string[] = [];
    const ended = [large, large, medium].map(async (bytes) => {
      const { kind } = await inflated(inflater, bytes);
      order.push(`${kind} of ${bytes.length}`);
    });
    await Promise.all(ended);
    assert.equal(order[0], `message of ${large.length}`);
    assert.ok(order.includes(`message of ${medium.length}`));
  });

  it("takes the lines of connections in turns", async () => {
    const inflater = new MessageInflater(10_000_000);
    const bytes = gzipSync(Buffer.alloc(3_000_000));
    const ended: string[] = [];
    const lines = { many: {}, one: {} };
    const inflate = (name: keyof typeof lines): Promise<void> =>
      new Promise((resolve) => {
        inflater.inflate(bytes, lines[name], () => {
          ended.push(name);
          resolve();
        });
      });
    await Promise.all([...Array.from({ length: 20 }, () => inflate("many")), inflate("one")]);
    const place = ended.indexOf("one");
    assert.ok(place < 8, `${place} messages of one connection went before another's`);
  });

  it("forgets messages that are taken back, unless they are under way", async () => {
    const inflater = new MessageInflater(10_000_000);
    const bytes = gzipSync(Buffer.alloc(1_000_000));
    const told: number[] = [];
    const last = signal<void>();
    const jobs = [0, 1, 2, 3].map((each) => {
      return inflater.inflate(bytes, {}, () => {
        told.push(each);
        if (told.length === 3) last.resolve();
      });
    });
    const [first, , third] = jobs;
    assert.ok(first !== undefined && third !== undefined);
    assert.deepEqual([inflater.drop(first), inflater.drop(third)], [false, true]);
    assert.equal(inflater.drop(third), false, "it is gone");
    await last.promise;
    await inflated(inflater, bytes);
    assert.deepEqual(told.sort(), [0, 1, 3]);
  });

  it("calls what is no gzip malformed, small or large", async () => {
    const inflater = new MessageInflater(1_000_000);
    const whole = gzipSync(Buffer.from(Array.from({ length: 100_000 }, (_value, at) => at % 251)));
    const flipped = Buffer.from(whole);
    flipped[flipped.length - 6] = (flipped.at(-6) ?? 0) ^ 0xff; // In the checksum.
    const broken = [
      Buffer.from("plain"),
      Buffer.alloc(0),
      whole.subarray(0, -1),
      flipped,
      Buffer.alloc(100_000, 7),
      deflateSync("another format"),
    ];
    for (const [place, bytes] of broken.entries()) {
      const result = await inflated(inflater, bytes);
      assert.ok(result.kind === "malformed" && result.reason !== "", `case ${place}`);
    }
  });
});
