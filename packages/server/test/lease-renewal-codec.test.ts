import assert from "node:assert/strict";
import { test } from "node:test";
import {
  decodeLeaseKeepAliveRequest,
  encodeLeaseKeepAliveRequest,
  encodeLeaseKeepAliveResponse,
} from "@quorate/api";
import { highOfId, idOfHalves, lowOfId } from "@quorate/state-machine";
import fc from "fast-check";
import { LeaseRenewal } from "../src/member/lease-renewal.ts";
import { HeaderEncoder } from "../src/services/header.ts";
import { composeRenewals, RenewalReader } from "../src/services/lease-renewal-codec.ts";

const anyId = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -3n, max: 300n }),
  // Around each length of a varint, and of a half.
  fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.bigInt({ min: -2n, max: 2n }))
    .map(([bits, more]) => BigInt.asIntN(64, 2n ** BigInt(bits) + more)),
);
const owner = { handleRenewed: (): void => undefined };

/** The id in a request, or why there is none. */
function outcome(read: () => bigint): string {
  try {
    return String(read());
  } catch (error) {
    return String(error);
  }
}

function assertReadAsCodec(bytes: Uint8Array): void {
  const reader = new RenewalReader();
  const read = outcome(() => {
    reader.read(bytes);
    return idOfHalves(reader.idHigh, reader.idLow);
  });
  const expected = outcome(() => decodeLeaseKeepAliveRequest(bytes).id);
  assert.equal(read, expected, Buffer.from(bytes).toString("hex"));
}

test("RenewalReader reads every id as the codec", () => {
  fc.assert(
    fc.property(anyId, (id) => assertReadAsCodec(encodeLeaseKeepAliveRequest({ id }))),
    { numRuns: 2_000 },
  );
});

test("RenewalReader reads malformed and unusual requests as the codec", () => {
  const cases = {
    "no field": "",
    "no value": "08",
    "a varint that is cut": "08ffff",
    "a long zero": "08808000",
    "ten bytes": "0880808080808080808001",
    "ten bytes with too high a number": "08ffffffffffffffffff7f",
    "eleven bytes": "08ffffffffffffffffffff01",
    "the field twice": "08050806",
    "the field behind an unknown one": "10010807",
    "an unknown field behind it": "08071001",
    "an unknown field of bytes": "08071a03616263",
    "another type": "0a0108",
    "another field": "1005",
    "field number 0": "0005",
  };
  for (const hex of Object.values(cases)) assertReadAsCodec(Buffer.from(hex, "hex"));
  const bytes = fc.array(
    fc.oneof(fc.constantFrom(0x08, 0x80, 0x00, 0xff, 0x7f), fc.integer({ min: 0, max: 255 })),
    { maxLength: 14, size: "max" },
  );
  fc.assert(
    fc.property(bytes, (each) => {
      assertReadAsCodec(Uint8Array.from(each));
      assertReadAsCodec(Uint8Array.from([0x08, ...each]));
    }),
    { numRuns: 3_000 },
  );
});

test("composeRenewals frames what the codec makes of each answer, in order", () => {
  const ids = { clusterId: 2n ** 64n - 1n, memberId: 2n ** 63n + 5n };
  const headers = new HeaderEncoder(ids);
  const answer = fc.record({
    id: anyId,
    ttl: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 9_000_000_000 })),
    revision: fc.oneof(fc.constant(7), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1 }), fc.nat(), fc.nat(), (answers, from, term) => {
      const renewals = answers.map(({ id, ttl, revision }) => {
        const renewal = new LeaseRenewal(highOfId(id), lowOfId(id), revision, owner);
        renewal.finish(ttl);
        return renewal;
      });
      const begin = from % renewals.length;
      const expected = answers.slice(begin).map(({ id, ttl, revision }) => {
        const header = { ...ids, revision, raftTerm: term };
        const message = encodeLeaseKeepAliveResponse({ header, id, ttl });
        return Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);
      });
      const range = { begin, end: renewals.length };
      const framed = composeRenewals(headers, term, renewals, range);
      assert.deepEqual(Buffer.from(framed), Buffer.concat(expected));
    }),
    { numRuns: 1_000 },
  );
});
