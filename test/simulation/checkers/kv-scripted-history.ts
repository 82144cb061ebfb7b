/** Histories for the tests of checkers: clients that overlap on a store of one copy. */
import { SeededRandom } from "@quorate/platform/sim";
import {
  accessOf,
  type KvAnswer,
  type KvOperation,
  type KvOutcome,
  type KvRecord,
} from "../history/kv-records.ts";
import type { Truth } from "../history/truth.ts";
import type { KvBehaviour } from "../workloads/kv-clients.ts";
import { KvStore } from "./kv-store.ts";

/** What was seen and what was true. */
export interface KvHistory {
  readonly records: readonly KvRecord[];
  readonly truth: Truth;
}

interface Client {
  readonly name: string;
  readonly behaviour: KvBehaviour;
  freeAt: number;
}

/**
 * Plays clients: each has one operation under way, which takes effect at one instant in its time. A
 * tenth of them gets no answer, a twentieth fails; serializable reads come from members that lag.
 */
export function playHistory(options: {
  readonly seed: bigint;
  readonly operations: number;
  readonly clients: number;
  readonly behave: (name: string, random: SeededRandom) => KvBehaviour;
}): KvHistory {
  const random = new SeededRandom(options.seed);
  const store = new KvStore();
  const members = new Map<bigint, number>();
  const clients = Array.from({ length: options.clients }, (_, index): Client => {
    const name = `c${index}`;
    return { name, behaviour: options.behave(name, random.split(name)), freeAt: index };
  });
  const records: KvRecord[] = [];
  let now = 0;
  for (let count = 0; count < options.operations; count++) {
    // Who is free first goes first; effects come in the order of these instants.
    const [client] = [...clients].sort((one, other) => one.freeAt - other.freeAt);
    if (client === undefined) break;
    const operation = client.behaviour.next();
    now = Math.max(now + 1, client.freeAt);
    const outcome = effect(store, operation, now, random, members);
    client.behaviour.seen(operation, outcome.kind === "ok" ? outcome.answer : undefined);
    const callMillis = Math.max(client.freeAt - 3, now - random.between(1, 8));
    const returnMillis = now + random.between(1, 8);
    client.freeAt = returnMillis + 4;
    records.push({
      ...{ client: client.name, operation, outcome, callMillis, returnMillis },
      // Calls and returns of one instant are concurrent, but have an order of their own.
      callSequence: callMillis * 1_000 + count / options.operations,
      returnSequence: returnMillis * 1_000 + 500 + count / options.operations,
    });
  }
  return { records, truth: store.truth };
}

function effect(
  store: KvStore,
  operation: KvOperation,
  atMillis: number,
  random: SeededRandom,
  members: Map<bigint, number>,
): KvOutcome {
  const fate = random.nextInt(20);
  const isWrite = accessOf(operation) === "write";
  if (fate === 0) return { kind: "error", code: "no-leader" };
  if (fate === 1 && isWrite) return { kind: "unknown", code: "unavailable" };
  const memberId = BigInt(random.between(1, 3));
  const answer = answerOf(store, operation, atMillis, () => {
    const known = members.get(memberId) ?? 1;
    const revision = random.between(known, store.revision);
    members.set(memberId, revision);
    return store.revision - revision;
  });
  if (answer === undefined) return { kind: "error", code: "future-revision" };
  if (fate === 2 && isWrite) return { kind: "unknown", code: "deadline-exceeded" };
  members.set(memberId, Math.max(members.get(memberId) ?? 1, answer.revision));
  return { kind: "ok", memberId, answer };
}

function answerOf(
  store: KvStore,
  operation: KvOperation,
  atMillis: number,
  drawLag: () => number,
): KvAnswer | undefined {
  try {
    if (accessOf(operation) === "serializable") return store.runStale(operation, drawLag());
    return store.run(atMillis, operation);
  } catch {
    return undefined;
  }
}
