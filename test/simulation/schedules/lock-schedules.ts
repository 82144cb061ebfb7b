import { op } from "@quorate/client";
import { Mutex, openSession, SessionLostError, type Lock } from "@quorate/recipes";
import { checkOwnerships } from "../checkers/ownership-checker.ts";
import { newOwnershipHistory, quietly } from "../workloads/mutex-owner.ts";
import { attempt, latin1 } from "../workloads/pacing.ts";
import type { Schedule } from "./schedule.ts";
import type { Stage } from "./stage.ts";

/** Locks, and who believes to hold them. */
export const lockSchedules: readonly Schedule[] = [
  {
    name: "the holder of a lock stands still for longer than its lease, and writes then",
    rows: ["C47"],
    script: outsleepLock,
  },
  {
    name: "who waits for a lock in the middle of the queue is gone before the holder",
    rows: ["C47"],
    plan: { workloads: [] },
    script: loseMiddle,
  },
  {
    name: "who waits for a lock is taken out of the queue, and its session lives on",
    rows: ["C47"],
    plan: { workloads: [] },
    script: removeMiddle,
  },
  {
    name: "who waits for a lock is told that it is first when its key is gone already",
    rows: ["C47"],
    plan: { workloads: [] },
    script: loseWhileTold,
  },
];

async function outsleepLock(stage: Stage, reached: () => void): Promise<void> {
  const mutex = new Mutex("schedule lock");
  for (let round = 0; round < 3; round += 1) {
    const sleeper = stage.client();
    const first = await openSession(sleeper.client, { ttlSeconds: 3 });
    const lock = await mutex.lock(first);
    const put = lock.txn().then(op.put("schedule fenced", "first"));
    sleeper.pause();
    const other = await openSession(stage.anyone, { ttlSeconds: 3 });
    const next = await mutex.lock(other);
    stage.expect(next.token > lock.token, "K3: the token does not grow");
    const own = await next.txn().then(op.put("schedule fenced", "second")).commit();
    stage.expect(own.succeeded, "K3: the owner's write is refused");
    reached();
    sleeper.goOn();
    const late = await attempt(() => put.commit());
    const isFenced = late.kind === "failed" || !late.answer.succeeded;
    stage.expect(isFenced, "K3: a write of the former owner takes place");
    stage.expect(!lock.isHeld(), "K2: the former owner believes that it holds the lock");
    const pair = await stage.insist("the value", () => stage.anyone.get("schedule fenced"));
    stage.expect(pair?.text() === "second", `K3: the value is "${pair?.text()}"`);
    await next.unlock();
    await other.close();
  }
}

async function loseMiddle(stage: Stage, reached: () => void): Promise<void> {
  const mutex = new Mutex("schedule queue");
  for (let round = 0; round < 3; round += 1) {
    const holding = await openSession(stage.anyone, { ttlSeconds: 60 });
    const held = await mutex.lock(holding);
    const middle = stage.client();
    const session = await openSession(middle.client, { ttlSeconds: 2 });
    // Never granted: the machine stands still until all is over.
    void mutex.lock(session).catch(() => undefined);
    await queued(stage, 2);
    const last = await openSession(stage.client().client, { ttlSeconds: 60 });
    let granted: Lock | undefined;
    const waiting = mutex.lock(last).then((lock) => {
      granted = lock;
    });
    await queued(stage, 3);
    middle.pause();
    await queued(stage, 2);
    await stage.wait(1_000);
    stage.expect(granted === undefined, "K1: a lock has two owners");
    reached();
    await held.unlock();
    await waiting;
    stage.expect((granted?.token ?? 0) > held.token, "K3: the token does not grow");
    middle.client.close();
    await granted?.unlock();
  }
}

/** The answer that says who is first is held on its way, and the key is taken away meanwhile. */
async function loseWhileTold(stage: Stage, reached: () => void): Promise<void> {
  const name = "schedule told";
  const history = newOwnershipHistory();
  for (let round = 0; round < 20; round += 1) {
    const sim = stage.client();
    const session = await openSession(sim.client, { ttlSeconds: 60 });
    const sentMillis = stage.nowMillis;
    const waiting = quietly(() => new Mutex(name).lock(session));
    // Before, in the midst of, or after the answers that matter.
    await stage.wait(stage.random.between(0, 12));
    const { clients, present } = stage.world;
    const links = present.map(({ address }) => clients.link(sim.name, address));
    for (const link of links) link.cut("to-client");
    await queued(stage, 1, name);
    await stage.insist("an eviction", () => stage.anyone.delete({ prefix: `${name}/` }));
    for (const link of links) link.heal();
    const lock = await waiting;
    if (lock !== undefined) {
      const { token, lost } = lock;
      const window = { sentMillis, answeredMillis: stage.nowMillis };
      const key = latin1(Buffer.from(lock.key));
      history.ownerships.push({ name, key, token, ttlSeconds: 60, ...window });
      reached();
      const put = lock.txn().then(op.put("schedule told fenced", "late"));
      const { succeeded } = await stage.insist("a guarded write", () => put.commit());
      stage.expect(!succeeded, "K3: a write of who lost its key takes place");
      await stage.until("it is told", () => lost.aborted);
    }
    sim.client.close();
  }
  checkOwnerships(history, stage.world.truth, stage.world.coverage, { driftMax: 0 });
}

/** An operator deletes the key of a waiter: it must not take the lock when its turn would come. */
async function removeMiddle(stage: Stage, reached: () => void): Promise<void> {
  const mutex = new Mutex("schedule queue");
  for (let round = 0; round < 3; round += 1) {
    const [first, middle, last] = [
      await openSession(stage.anyone, { ttlSeconds: 60 }),
      await openSession(stage.client().client, { ttlSeconds: 60 }),
      await openSession(stage.client().client, { ttlSeconds: 60 }),
    ];
    const held = await mutex.lock(first);
    const removed = mutex.lock(middle).catch((error: unknown) => error);
    await queued(stage, 2);
    let granted: Lock | undefined;
    const waiting = mutex.lock(last).then((lock) => {
      granted = lock;
    });
    await queued(stage, 3);
    const key = `schedule queue/${middle.leaseId.toString(16)}`;
    await stage.insist("the removal", () => stage.anyone.delete(key));
    await stage.wait(stage.random.between(0, 500));
    stage.expect(granted === undefined, "K1: a lock has two owners");
    await held.unlock();
    await waiting;
    const isLost = (await removed) instanceof SessionLostError;
    stage.expect(isLost, "K2: whose key is gone is not told that it waits in vain");
    reached();
    await granted?.unlock();
    await first.close();
    await middle.close();
    await last.close();
  }
}

/** Waits until so many stand in the queue. */
async function queued(stage: Stage, count: number, name = "schedule queue"): Promise<void> {
  const end = stage.nowMillis + 20_000;
  for (;;) {
    const { kvs } = await stage.insist("the queue", () =>
      stage.anyone.range({ prefix: `${name}/` }),
    );
    if (kvs.length === count) return;
    stage.expect(stage.nowMillis < end, `schedule: never ${count} in the queue`);
    await stage.wait(100);
  }
}
