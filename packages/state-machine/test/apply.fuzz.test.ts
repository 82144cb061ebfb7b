/** Entries of the log and the requests inside, with any damage: typed failures (C29, S11). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ApplyFailedError, checkBatch, MalformedBatchError } from "@quorate/state-machine";
import { damage, fuzz, fuzzBytes, fuzzDamage } from "../../../test/support/fuzz.ts";
import { TestMember, type Proposal } from "./support/machine.ts";

const key = fuzzBytes(4);
const lease = fc.constantFrom(0n, 5n, -1n);
const proposals: fc.Arbitrary<Proposal> = fc.oneof(
  fc
    .record({ key, value: key, lease, ignoreValue: fc.boolean() })
    .map((message) => ({ kind: "put" as const, message })),
  fc.record({ key, rangeEnd: key }).map((message) => ({ kind: "delete-range" as const, message })),
  fc.record({ revision: fc.nat(9) }).map((message) => ({ kind: "compact" as const, message })),
  fc
    .record({ id: lease, ttl: fc.integer() })
    .map((message) => ({ kind: "lease-grant" as const, message })),
  fc.record({ id: lease }).map((message) => ({ kind: "lease-revoke" as const, message })),
);
const entries = fc.array(proposals, { maxLength: 6 });
const damages = fc.array(fuzzDamage, { minLength: 1, maxLength: 3 });

fuzz(
  "the data of an entry is a batch or a typed failure, and applied once or not at all",
  { inputs: fc.tuple(entries, damages, fc.option(fuzzBytes(80), { nil: undefined })), runs: 250 },
  async ([requests, all, random]) => {
    const member = await TestMember.start();
    const whole = member.log.append(...requests);
    assert.ok(whole.kind === "normal");
    let data: Uint8Array = random ?? whole.data;
    if (random === undefined) for (const each of all) data = damage(data, each);
    const before = member.machine.store.currentRevision;
    let isBatch = true;
    try {
      checkBatch(data);
    } catch (error) {
      assert.ok(error instanceof MalformedBatchError, String(error));
      isBatch = false;
    }
    try {
      member.machine.apply({ ...whole, data });
      assert.ok(isBatch, "a malformed batch was applied");
      assert.equal(member.machine.appliedIndex, whole.index);
    } catch (error) {
      assert.ok(error instanceof ApplyFailedError, String(error));
      assert.throws(() => member.machine.apply(whole), ApplyFailedError);
      // What a failed entry had written is in no unit: a restart finds the state before it.
      const survivor = member.backend.crash();
      assert.equal(survivor.get("meta", "appliedIndex"), undefined, `revision was ${before}`);
    }
    member.machine.close();
  },
);

fuzz(
  "the context of a configuration entry is a change or a typed failure",
  { inputs: fc.oneof(fuzzBytes(60), fuzzBytes(8)), runs: 250 },
  async (context) => {
    const member = await TestMember.start();
    const configuration = {
      ...{ voters: [1n], votersOutgoing: [], learners: [], learnersNext: [] },
    };
    const entry = { kind: "configuration" as const, index: 1, term: 1, configuration, context };
    try {
      member.machine.apply(entry);
    } catch (error) {
      assert.ok(error instanceof ApplyFailedError, String(error));
    }
    member.machine.close();
  },
);
