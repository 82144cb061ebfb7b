import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import fc from "fast-check";
import { crc32c } from "../src/index.ts";

/** One bit at a time, as the polynomial is defined. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0x82f63b78 & -(crc & 1));
  }
  return ~crc >>> 0;
}

suite("crc32c", () => {
  test("RFC 3720 B.4 test vectors", () => {
    const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
    assert.equal(crc32c(ascending), 0x46dd794e);
    assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c);
    assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  });

  test("equals the definition, whole or in pieces, at any alignment", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.nat(100),
        fc.nat(8),
        (bytes, cut, shift) => {
          const shifted = new Uint8Array(bytes.length + shift);
          shifted.set(bytes, shift);
          const view = shifted.subarray(shift);
          assert.equal(crc32c(view), slowCrc32c(bytes));
          assert.equal(
            crc32c(view.subarray(cut), crc32c(view.subarray(0, cut))),
            slowCrc32c(bytes),
          );
        },
      ),
      { seed: 1 },
    );
  });
});
