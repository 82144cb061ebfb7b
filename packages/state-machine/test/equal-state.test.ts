import assert from "node:assert/strict";
import { test } from "node:test";
import type { CompareInit, RequestOpInit, TxnRequestInit } from "@quorate/api";
import { MemoryBackend } from "@quorate/mvcc";
import {
  decodeBatch,
  decodeRequest,
  type CommittedEntry,
  type HeldBatch,
  type RequestOutcome,
  type StateMachine,
} from "@quorate/state-machine";
import fc from "fast-check";
import { openMachine, TestLog, type Proposal } from "./support/machine.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const anyKey = fc.constantFrom("a", "b", "c", "d", "").map(bytes);
const anyRangeEnd = fc.constantFrom("", "", "b", "d", "\0").map(bytes);
const anyValue = fc.constantFrom("", "x", "yy").map(bytes);
const anyLease = fc.constantFrom(0n, 0n, 1n, -1n, 2n ** 62n);
const anyRevision = fc.integer({ min: -2, max: 30 });

const anyPut = fc.record({
  key: anyKey,
  value: anyValue,
  lease: anyLease,
  prevKv: fc.boolean(),
  ignoreValue: fc.boolean(),
  ignoreLease: fc.boolean(),
});
const anyDelete = fc.record({ key: anyKey, rangeEnd: anyRangeEnd, prevKv: fc.boolean() });
const anyRange = fc.record({
  key: anyKey,
  rangeEnd: anyRangeEnd,
  revision: fc.oneof(fc.constant(0), anyRevision),
  limit: fc.integer({ min: 0, max: 3 }),
  sortOrder: fc.integer({ min: 0, max: 2 }),
  sortTarget: fc.integer({ min: 0, max: 4 }),
  keysOnly: fc.boolean(),
});
const anyCompare: fc.Arbitrary<CompareInit> = fc.record({
  key: anyKey.filter((key) => key.length > 0),
  rangeEnd: anyRangeEnd,
  target: fc.integer({ min: 0, max: 4 }),
  result: fc.integer({ min: 0, max: 3 }),
  targetUnion: fc.oneof(
    fc.record({ case: fc.constant("version" as const), value: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ case: fc.constant("modRevision" as const), value: anyRevision }),
    fc.record({ case: fc.constant("value" as const), value: anyValue }),
    fc.record({ case: fc.constant("lease" as const), value: anyLease }),
  ),
});

const { txn: anyTxn } = fc.letrec<{ txn: TxnRequestInit; operation: RequestOpInit }>((tie) => ({
  operation: fc.record({
    request: fc.oneof(
      { depthSize: "small" },
      fc.record({ case: fc.constant("requestPut" as const), value: anyPut }),
      fc.record({ case: fc.constant("requestDeleteRange" as const), value: anyDelete }),
      fc.record({ case: fc.constant("requestRange" as const), value: anyRange }),
      fc.record({ case: fc.constant("requestTxn" as const), value: tie("txn") }),
    ),
  }),
  txn: fc.record({
    compare: fc.array(anyCompare, { maxLength: 2 }),
    success: fc.array(tie("operation"), { maxLength: 3 }),
    failure: fc.array(tie("operation"), { maxLength: 2 }),
  }),
}));

const of = <K extends Proposal["kind"], M>(
  kind: K,
  message: fc.Arbitrary<M>,
): fc.Arbitrary<{ kind: K; message: M }> => fc.record({ kind: fc.constant(kind), message });

const anyProposal: fc.Arbitrary<Proposal> = fc.oneof(
  { weight: 6, arbitrary: of("put", anyPut) },
  { weight: 2, arbitrary: of("delete-range", anyDelete) },
  { weight: 6, arbitrary: of("txn", anyTxn) },
  { weight: 1, arbitrary: of("compact", fc.record({ revision: anyRevision })) },
  {
    weight: 3,
    arbitrary: of(
      "lease-grant",
      fc.record({ id: anyLease, ttl: fc.integer({ min: -1, max: 100 }) }),
    ),
  },
  { weight: 1, arbitrary: of("lease-revoke", fc.record({ id: anyLease })) },
  {
    weight: 1,
    arbitrary: of(
      "lease-expire",
      fc.record({
        term: fc.integer({ min: 1, max: 3 }),
        ids: fc.array(anyLease, { minLength: 1, maxLength: 3 }),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: of(
      "lease-checkpoint",
      fc.record({ checkpoints: fc.array(fc.record({ id: anyLease, remainingTtl: fc.nat(50) })) }),
    ),
  },
  {
    weight: 1,
    arbitrary: of(
      "alarm",
      fc.record({
        action: fc.constantFrom(0, 1, 2, 2, 2),
        alarm: fc.integer({ min: 0, max: 2 }),
        memberId: fc.constantFrom(1n, 2n),
      }),
    ),
  },
);

interface Step {
  readonly proposals: readonly Proposal[];
  readonly isNewTerm: boolean;
  /** What happens to the second member before the entry. */
  readonly accident: "none" | "flush" | "crash";
}

const anySteps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    proposals: fc.array(anyProposal, { maxLength: 4 }),
    isNewTerm: fc.integer({ min: 0, max: 9 }).map((chance) => chance === 0),
    accident: fc.constantFrom("none", "none", "none", "flush", "crash"),
  }),
  { maxLength: 25 },
);

const judge = (outcomes: readonly RequestOutcome[]): unknown[] =>
  outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.error.code : outcome));

/** A member that loses power now and then and replays its log. */
class Unlucky {
  #backend = new MemoryBackend();
  #machine: StateMachine | undefined;

  async machine(): Promise<StateMachine> {
    this.#machine ??= await openMachine(this.#backend);
    return this.#machine;
  }

  async suffer(
    accident: Step["accident"],
    log: TestLog,
    expected: readonly unknown[][],
  ): Promise<void> {
    if (accident === "flush") await this.#backend.flush();
    if (accident !== "crash") return;
    this.#machine?.close();
    this.#backend = this.#backend.crash();
    this.#machine = undefined;
    const machine = await this.machine();
    for (const entry of log.entries.slice(0, expected.length)) {
      const isOld = entry.index <= machine.appliedIndex;
      const outcomes = judge(machine.apply(entry).outcomes);
      assert.deepEqual(outcomes, isOld ? [] : expected[entry.index - 1]);
    }
  }
}

/** As the member that proposed the entry and holds its requests decoded, from memory of its own. */
function applyAsProposer(machine: StateMachine, entry: CommittedEntry): readonly RequestOutcome[] {
  let found = 0;
  const { outcomes, batches } = machine.apply(entry, {
    find: (_position, data): HeldBatch => {
      found += 1;
      return {
        requests: decodeBatch(data).map(({ kind, bytes: request }) =>
          decodeRequest(kind, Uint8Array.from(request)),
        ),
      };
    },
  });
  assert.equal(batches.length, found);
  for (const { batch, begin } of batches) {
    assert.deepEqual([begin, batch.requests.length], [0, outcomes.length]);
  }
  return outcomes;
}

test("P8: the same log gives the same outcomes and state, whoever applies it", async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const log = new TestLog();
      const proposer = await openMachine();
      const unlucky = new Unlucky();
      const expected: unknown[][] = [];
      for (const step of steps) {
        if (step.isNewTerm) log.term += 1;
        const entry = log.append(...step.proposals);
        await unlucky.suffer(step.accident, log, expected);
        const follower = await unlucky.machine();
        expected.push(judge(applyAsProposer(proposer, entry)));
        assert.deepEqual(judge(follower.apply(entry).outcomes), expected.at(-1));
        assert.equal(follower.stateHash(), proposer.stateHash());
      }
      proposer.close();
      (await unlucky.machine()).close();
    }),
    { numRuns: 150 },
  );
});

test("P7: the revision grows with each entry that changes keys, and never falls", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyProposal, { maxLength: 40 }), async (proposals) => {
      const log = new TestLog();
      const machine = await openMachine();
      for (const proposal of proposals) {
        const before = machine.store.currentRevision;
        const hash = await machine.store.hashKv(0);
        machine.apply(log.append(proposal));
        const after = machine.store.currentRevision;
        const steps = proposal.kind === "lease-expire" ? 3 : 1;
        assert.ok(after >= before && after <= before + steps);
        if (after === before && proposal.kind !== "compact") {
          assert.deepEqual(await machine.store.hashKv(0), hash);
        }
      }
    }),
    { numRuns: 50 },
  );
});
