import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeededRandom } from "@quorate/platform/sim";
import { Coverage } from "../coverage.ts";
import type { KvBehaviour } from "../workloads/kv-clients.ts";
import { drawMultiKeySpace, MultiKeyBehaviour } from "../workloads/multi-key-operations.ts";
import { drawRegisterMix, RegisterBehaviour } from "../workloads/register-operations.ts";
import { TransferBehaviour, type Bank } from "../workloads/transfer-operations.ts";
import { requireSums } from "../workloads/transfer-workload.ts";
import { SeededRandom as Seeded } from "@quorate/platform/sim";
import { checkKvHistory } from "./kv-history.ts";
import { checkKvLinearizability } from "./kv-linearizability.ts";
import { playHistory, type KvHistory } from "./kv-scripted-history.ts";

const bank: Bank = { prefix: "k/", accounts: ["k/0", "k/1", "k/2"], openingBalance: 100 };

type Behave = (name: string, random: SeededRandom) => KvBehaviour;

const behaviours: Readonly<Record<string, (seed: bigint) => Behave>> = {
  registers: (seed) => {
    const mix = drawRegisterMix("k/", new Seeded(seed));
    return (name, random) => new RegisterBehaviour(mix, name, random);
  },
  transfers: () => (name, random) => new TransferBehaviour(bank, name, random),
  "multi-key transactions": (seed) => {
    const space = drawMultiKeySpace("k/", new Seeded(seed));
    return (name, random) => new MultiKeyBehaviour(space, name, random);
  },
};

function play(kind: keyof typeof behaviours, seed: bigint): KvHistory {
  const behave = behaviours[kind]?.(seed);
  assert.ok(behave !== undefined);
  return playHistory({ seed, operations: 400, clients: 4, behave });
}

describe("histories of a store that keeps its promises are believed", () => {
  for (const kind of Object.keys(behaviours)) {
    test(kind, () => {
      const coverage = new Coverage();
      for (let seed = 1n; seed <= 40n; seed++) {
        const { records, truth } = play(kind, seed);
        checkKvHistory(records, truth, coverage, { isOwned: (key) => key.startsWith("k/") });
        checkKvLinearizability(records, coverage);
        if (kind === "transfers") requireSums(bank, records, truth, coverage);
      }
      const promises = new Map(coverage.counts("promises"));
      for (const promise of ["P1", "P2", "P3", "P4", "P6", "P7"]) {
        assert.ok((promises.get(promise) ?? 0) > 100, `${promise}: ${promises.get(promise)}`);
      }
      const sometimes = new Map(coverage.counts("sometimes"));
      assert.ok((sometimes.get("kv: unknown outcome took effect") ?? 0) > 10);
      assert.ok((sometimes.get("kv: unknown outcome had no effect") ?? 0) > 10);
      assert.ok((sometimes.get("kv: a serializable read was stale") ?? 0) > 10);
    });
  }
});
