/** Entries of the log and the requests inside, with any damage: typed failures (C29, S11). */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ApplyFailedError,
  checkBatch,
  encodeMemberChange,
  MalformedBatchError,
  MalformedRequestError,
  type CommittedEntry,
  type MemberChange,
} from "@quorate/state-machine";
import { damage, fuzz, fuzzBytes, fuzzDamage, type Damage } from "../../../test/support/fuzz.ts";
import { encodeProposal, TestMember } from "./support/machine.ts";
import { proposals } from "./support/proposals.ts";

const damages = fc.array(fuzzDamage, { minLength: 1, maxLength: 3 });

/** All of the damages, one after the other. */
function withDamage(bytes: Uint8Array, all: readonly Damage[]): Uint8Array {
  let damaged = bytes;
  for (const each of all) damaged = damage(damaged, each);
  return damaged;
}

fuzz(
  "the data of an entry is a batch or a typed failure, and applied once or not at all",
  {
    inputs: fc.tuple(
      fc.array(proposals, { maxLength: 6 }),
      damages,
      fc.option(fuzzBytes(80), { nil: undefined }),
    ),
    runs: 150,
  },
  async ([requests, all, random]) => {
    const member = await TestMember.start();
    const whole = member.log.append(...requests);
    assert.ok(whole.kind === "normal");
    const data = random ?? withDamage(whole.data, all);
    if (isBatch(data)) {
      assert.equal(failureOf(member, { ...whole, data }), undefined, "a batch is refused");
      assert.equal(member.machine.appliedIndex, whole.index);
    } else {
      const cause = failureOf(member, { ...whole, data });
      assert.ok(cause instanceof MalformedBatchError, String(cause));
      assert.throws(() => member.machine.apply(whole), ApplyFailedError);
      // What a failed entry had written is in no unit: a restart finds the state before it.
      assert.equal(member.backend.crash().get("meta", "applied"), undefined);
    }
    member.machine.close();
  },
);

const wounded = fc.record({
  proposal: proposals,
  /** None for one that stays whole. */
  damages: fc.array(fuzzDamage, { maxLength: 2 }),
});

fuzz(
  "a damaged request inside a whole batch is carried out or refused, and the others are as well",
  { inputs: fc.array(wounded, { minLength: 1, maxLength: 6 }), runs: 250 },
  async (wounds) => {
    const member = await TestMember.start();
    const requests = wounds.map(({ proposal, damages: all }) => ({
      kind: proposal.kind,
      bytes: withDamage(encodeProposal(proposal), all),
    }));
    const entry = member.log.appendRaw(...requests);
    const { outcomes } = member.machine.apply(entry);
    assert.equal(outcomes.length, requests.length);
    for (const outcome of outcomes) {
      if (outcome.kind !== "refused") continue;
      assert.equal(typeof outcome.error.code, "string", String(outcome.error));
    }
    assert.equal(member.machine.appliedIndex, entry.index);
    // Whatever it was, it is the same on a member that gets it later (P8).
    const other = await TestMember.start();
    other.machine.apply(entry);
    assert.equal(other.machine.stateHash(), member.machine.stateHash());
    for (const { machine } of [member, other]) machine.close();
  },
);

const memberId = fc.constantFrom(0n, 1n, 2n, 2n ** 64n - 1n);
const peerUrls = fc.array(fc.constantFrom("", "http://a:1", "http://b:2"), { maxLength: 2 });
const address = fc.record({ id: memberId, peerUrls });
const changes: fc.Arbitrary<MemberChange> = fc.oneof(
  fc.array(address, { maxLength: 3 }).map((members) => ({ kind: "bootstrap" as const, members })),
  fc
    .record({ member: address, isLearner: fc.boolean() })
    .map((change) => ({ kind: "add" as const, ...change })),
  address.map((member) => ({ kind: "update" as const, member })),
  memberId.map((id) => ({ kind: "remove" as const, id })),
  memberId.map((id) => ({ kind: "promote" as const, id })),
);
const contexts = fc.oneof(
  fuzzBytes(60),
  fc
    .tuple(changes, fc.array(fuzzDamage, { maxLength: 2 }))
    .map(([change, all]) => withDamage(encodeMemberChange({ requestId: undefined, change }), all)),
);

/** A change that can be read and is not that of the entry's configuration: it is asserted. */
const contradiction =
  /^Error: Assertion failed: (member [0-9a-f]+ is in the|the configuration's 1 is a member)/;

fuzz(
  "the context of a configuration entry is a change or a typed failure",
  { inputs: contexts, runs: 250 },
  async (context) => {
    const member = await TestMember.start();
    const configuration = {
      ...{ voters: [1n], votersOutgoing: [], learners: [], learnersNext: [] },
    };
    const entry = { kind: "configuration" as const, index: 1, term: 1, configuration, context };
    const cause = failureOf(member, entry);
    member.machine.close();
    if (cause === undefined || contradiction.test(String(cause))) return;
    assert.ok(cause instanceof MalformedRequestError, String(cause));
  },
);

function isBatch(data: Uint8Array): boolean {
  try {
    checkBatch(data);
    return true;
  } catch (error) {
    assert.ok(error instanceof MalformedBatchError, String(error));
    return false;
  }
}

/** Why an entry cannot be applied: what was thrown, which apply wraps whatever it is. */
function failureOf(member: TestMember, entry: CommittedEntry): unknown {
  try {
    member.machine.apply(entry);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ApplyFailedError, String(error));
    return error.cause;
  }
}
