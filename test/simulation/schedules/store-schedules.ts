import { op, type Client } from "@quorate/client";
import { keyFromBytes, metaKeys } from "@quorate/mvcc";
import type { SimOperation } from "@quorate/platform/sim";
import { plainTiming } from "../plan/plain-plan.ts";
import { crashFault } from "../world/disk.ts";
import type { Machine } from "../world/machine.ts";
import { attempt } from "../workloads/pacing.ts";
import { isStoreFile } from "./disks.ts";
import { Ledger } from "./ledger.ts";
import { plainPlan, type Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Stores that are struck as they commit, compact and look back. */
export const storeSchedules: readonly Schedule[] = [
  {
    name: "members die at each write and sync of their stores, under load",
    rows: ["C25"],
    plan: {
      workloads: [],
      // The log follows closely: what the store has lost cannot all be applied again.
      timing: { ...plainTiming, snapshotCount: 10, catchupEntries: 5 },
    },
    script: async (stage, reached) => {
      const ledger = new Ledger(stage, "commits");
      for (let round = 0; round < 12; round += 1) {
        await stage.leader();
        const stop = ledger.load(3);
        const machine = stage.random.pick(stage.world.present);
        await dieAtStore(stage, machine);
        reached();
        await stage.wait(stage.random.between(0, 100));
        stage.up(machine);
        await stop();
        await stage.settled();
      }
      await ledger.check();
    },
  },
  {
    name: "everything is deleted and compacted, and each batch is struck by a crash",
    rows: ["C27"],
    plan: {
      ...{ members: 1, workloads: [] },
      machine: {
        ...plainPlan(1n).machine,
        ...{ compactionBatchLimit: 2, compactionPauseMillis: 10, commitIntervalMillis: 1 },
      },
    },
    script: compactAllAndCrash,
  },
  {
    name: "transactions that look back race the compaction of what they look at",
    rows: ["C28", "C29"],
    script: async (stage, reached) => {
      const clients = stage.world.present.map((machine) => stage.client(machine).client);
      await stage.anyone.put("looked at", "0");
      let outcomes = { done: 0, refused: 0 };
      for (let round = 0; round < 40; round += 1) {
        const { revision } = await stage.anyone.put("looked at", `${round}`);
        const looks = clients.map((client, i) =>
          lookBack(stage, client, `${round}/${i}`, revision),
        );
        await stage.wait(stage.random.nextFloat() * 6);
        await stage.anyone.put("looked at", "newer");
        await stage.insist("a compaction", () => compactTo(stage.anyone, revision + 1));
        for (const isDone of await Promise.all(looks)) {
          outcomes = {
            done: outcomes.done + (isDone ? 1 : 0),
            refused: outcomes.refused + (isDone ? 0 : 1),
          };
        }
      }
      if (outcomes.done > 0 && outcomes.refused > 0) reached();
      await stage.settled();
    },
  },
];

/** Lets a machine die at one of the next writes and syncs of its store. */
async function dieAtStore(stage: Stage, machine: Machine): Promise<void> {
  const isPower = stage.random.chance(0.5);
  const damage = stage.random.pick(["random", "drop-all"] as const);
  const when = stage.random.pick(["before", "after"] as const);
  const matches = ({ kind, path }: SimOperation): boolean =>
    isStoreFile(path) && (kind === "write" || kind === "datasync" || kind === "rename");
  machine.disk.arm({
    matches: (operation) => machine.process !== undefined && matches(operation),
    countdown: stage.random.nextInt(40),
    strike: () => {
      if (!isPower) {
        stage.kill(machine);
        return { kind: "error", errno: "EIO" };
      }
      // The operation takes place, and then the file system loses its power itself.
      machine.hold();
      machine.loseProcess("power");
      return crashFault(when, damage);
    },
  });
  await stage.until("it dies", () => machine.process === undefined);
}

async function compactAllAndCrash(stage: Stage, reached: () => void): Promise<void> {
  const machine = stage.machine(0);
  const client = stage.anyone;
  let newest = 1;
  for (let round = 0; round < 8; round += 1) {
    await stage.leader();
    for (let i = 0; i < 20; i += 1) await client.put(`gone/${i % 10}`, `${round}`);
    const { revision } = await client.delete({ prefix: "gone/" });
    stage.expect(revision > newest, `P7: revision ${revision} after ${newest}`);
    newest = revision;
    await client.compact(newest);
    await stage.wait(stage.random.nextFloat() * 120);
    if (isCompacting(machine)) reached();
    if (stage.random.chance(0.5)) stage.powerOff(machine, "drop-all");
    else stage.kill(machine);
    stage.up(machine);
    await stage.leader();
    for (const serializable of [true, false]) {
      const seen = await stage.insist("a read", () => client.range("gone/1", { serializable }));
      stage.expect(seen.revision >= newest, `P7: revision ${seen.revision} after ${newest}`);
      stage.expect(seen.kvs.length === 0, "P7: a key is back");
    }
    const old = await attempt(() => client.get("gone/1", { revision: newest - 1 }), ["compacted"]);
    stage.expect(old.kind === "failed", `P9: revision ${newest - 1} is readable again`);
  }
}

/** Whether versions remain that a compaction has promised to remove. */
function isCompacting(machine: Machine): boolean {
  const store = machine.running?.state.store;
  const finished = store?.backend.get("meta", metaKeys.finishedCompactRevision);
  if (store === undefined) return false;
  const finishedAt = finished === undefined ? -1 : Number(keyFromBytes(finished));
  return finishedAt < store.compactRevision;
}

/** Looks at an old revision and writes in one transaction; whether it took place. */
async function lookBack(
  stage: Stage,
  client: Client,
  name: string,
  revision: number,
): Promise<boolean> {
  await stage.wait(stage.random.nextFloat() * 8);
  const key = `looked back/${name}`;
  const txn = client.txn().then(op.put(key, ""), op.get("looked at", { revision }));
  const result = await attempt(() => txn.commit(), ["compacted"]);
  const pair = await stage.insist("the key", () => stage.anyone.get(key));
  if (result.kind === "done") {
    stage.expect(pair !== undefined, `P5: ${key} is missing`);
    const seen = result.answer.results[1]?.kvs[0]?.modRevision;
    stage.expect(seen === revision, `P9: revision ${seen} at ${revision}`);
    return true;
  }
  const isLeftOver = !result.error.isOutcomeUnknown && pair !== undefined;
  stage.expect(!isLeftOver, `P5: ${key} is there though its transaction was refused`);
  return false;
}

async function compactTo(client: Client, revision: number): Promise<void> {
  await attempt(() => client.compact(revision), ["compacted"]);
}
