import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeTxnRequest, encodeTxnRequest, type CompareInit } from "@quorate/api";
import type { StateMachine } from "@quorate/state-machine";
import { TestMember } from "./support/machine.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const [equal, greater, less, notEqual] = [0, 1, 2, 3];
const results = [equal, greater, less, notEqual] as const;

type Union = NonNullable<CompareInit["targetUnion"]>;

/** A pair at version 2, created at 2, modified at 3, with the value `m` and the lease 2^62. */
async function memberWithPair(): Promise<TestMember> {
  const member = await TestMember.start();
  const put = { key: bytes("k"), value: bytes("m"), lease: 2n ** 62n };
  member.apply({ kind: "lease-grant", message: { id: put.lease, ttl: 9 } });
  member.apply({ kind: "put", message: put });
  member.apply({ kind: "put", message: put });
  return member;
}

function holds(machine: StateMachine, compare: CompareInit): boolean {
  const request = decodeTxnRequest(encodeTxnRequest({ compare: [compare] }));
  return machine.readTxn(request).succeeded === true;
}

function expected(order: number, result: (typeof results)[number]): boolean {
  if (result === equal) return order === 0;
  if (result === notEqual) return order !== 0;
  return result === greater ? order > 0 : order < 0;
}

/** Given values with the order of what is found against them: found one is above, equal, below. */
const givenValues: ReadonlyArray<readonly [target: number, given: Union, order: number]> = [
  [0, { case: "version", value: 1 }, 1],
  [0, { case: "version", value: 2 }, 0],
  [0, { case: "version", value: 3 }, -1],
  [0, { case: "version", value: -1 }, 1],
  [1, { case: "createRevision", value: 1 }, 1],
  [1, { case: "createRevision", value: 2 }, 0],
  [1, { case: "createRevision", value: 3 }, -1],
  [2, { case: "modRevision", value: 2 }, 1],
  [2, { case: "modRevision", value: 3 }, 0],
  [2, { case: "modRevision", value: 4 }, -1],
  [3, { case: "value", value: bytes("l") }, 1],
  [3, { case: "value", value: bytes("") }, 1],
  [3, { case: "value", value: bytes("m") }, 0],
  [3, { case: "value", value: bytes("m\0") }, -1],
  [3, { case: "value", value: bytes("\xff") }, -1],
  [4, { case: "lease", value: 2n ** 62n - 1n }, 1],
  [4, { case: "lease", value: -(2n ** 63n) }, 1],
  [4, { case: "lease", value: 2n ** 62n }, 0],
  [4, { case: "lease", value: 2n ** 62n + 1n }, -1],
];

test("every target orders as numbers or bytes do, on a key and on a range alike", async () => {
  const { machine } = await memberWithPair();
  for (const [target, targetUnion, order] of givenValues) {
    for (const result of results) {
      for (const rangeEnd of ["", "l", "\0"]) {
        const compare = { key: bytes("k"), rangeEnd: bytes(rangeEnd), target, result, targetUnion };
        const name = `${target} ${targetUnion.case} ${targetUnion.value} ${result} "${rangeEnd}"`;
        assert.equal(holds(machine, compare), expected(order, result), name);
      }
    }
  }
});

test("where no key is, VALUE is false and the others compare as 0", async () => {
  const { machine } = await memberWithPair();
  for (const rangeEnd of ["", "z"]) {
    const at = { key: bytes("x"), rangeEnd: bytes(rangeEnd) };
    for (const result of results) {
      const targetUnion = { case: "value", value: bytes("") } as const;
      assert.equal(holds(machine, { ...at, target: 3, result, targetUnion }), false);
      for (const target of [0, 1, 2, 4]) {
        assert.equal(holds(machine, { ...at, target, result }), expected(0, result));
      }
    }
  }
});

test("one key of a range that does not hold is enough, also behind many that do", async () => {
  const member = await TestMember.start();
  for (let index = 0; index < 600; index += 1) {
    const key = bytes(`k${String(index).padStart(3, "0")}`);
    member.apply({ kind: "put", message: { key, value: bytes("v") } });
  }
  const compare = { key: bytes("k"), rangeEnd: bytes("l"), target: 0, result: equal } as const;
  const targetUnion = { case: "version", value: 1 } as const;
  assert.ok(holds(member.machine, { ...compare, targetUnion }));
  member.apply({ kind: "put", message: { key: bytes("k599") } });
  assert.ok(!holds(member.machine, { ...compare, targetUnion }));
});
