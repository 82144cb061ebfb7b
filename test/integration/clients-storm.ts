/**
 * Clients that give up at random: before a call is sent, after any of its awaits, or at any moment
 * until its answer (C30). What was given up is unknown, and must be in the history once or never.
 */
import { setImmediate as nextTurn, setTimeout as passing } from "node:timers/promises";
import { compare, connect, EtcdError, op, type Client } from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";
import {
  callAsOperator,
  operatorKinds,
  type OperatorKind,
  type StormKnowledge,
} from "./clients-operators.ts";
import type { Outcome, ReadRecord, WriteRecord } from "./network-load.ts";

const deadlineMillis = 5_000;
/** A call that was given up has to end within this time, in milliseconds. */
const lettingGoMaxMillis = 1_000;
const keyCount = 4;
const leaseSeconds = 2;

const keyKinds = [...(["put", "swap", "read", "watch", "lease"] as const)];

/** All kinds of calls. */
export const stormKinds: readonly string[] = [...keyKinds, ...operatorKinds];

/** Whose client it is, and what it does. */
export interface StormPlace {
  /** Index of the endpoint's member. */
  readonly member: number;
  /** Tells its values from those of others. */
  readonly name: string;
  /** Begins all keys. */
  readonly prefix: string;
  /** Nothing is given up. */
  readonly isCalm: boolean;
}

/** One of many clients of a storm, and what it remembers. */
export class StormClient implements AsyncDisposable {
  readonly writes: WriteRecord[] = [];
  readonly reads: ReadRecord[] = [];
  readonly sights: ReadRecord[] = [];
  /** Calls that were given up before they had ended, by kind. */
  readonly givenUp = new Map<string, number>();
  /** Events that watches of this client were told. */
  events = 0;
  readonly #client: Client;
  readonly #place: StormPlace;
  readonly #random: SeededRandom;
  readonly #known: StormKnowledge;
  #count = 0;

  /** Makes a client of one endpoint. */
  constructor(endpoint: string, place: StormPlace, random: SeededRandom, known: StormKnowledge) {
    this.#client = connect({ endpoints: [endpoint] });
    this.#place = place;
    this.#random = random;
    this.#known = known;
  }

  /** Makes calls and gives many of them up until `end` aborts. */
  async run(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const kind = this.#draw();
      this.#count += 1;
      const giveUp = new AbortController();
      const key = `${this.#place.prefix}${this.#random.nextInt(keyCount)}`;
      const value = `${this.#place.name}-${this.#count}`;
      const begun = performance.now();
      const givingUp = this.#place.isCalm ? undefined : this.#giveUp(giveUp);
      // A watch that nobody gives up would outlast the writers.
      const signal = kind === "watch" ? AbortSignal.any([giveUp.signal, end]) : giveUp.signal;
      await this.#call(kind, key, value, signal);
      const took = performance.now() - begun;
      const gaveUpAt = await givingUp;
      const heldOn = gaveUpAt === undefined ? -1 : took - (gaveUpAt - begun);
      if (heldOn > lettingGoMaxMillis) {
        throw new Error(`A ${kind} ended ${heldOn} ms after it was given up`);
      }
      if (heldOn >= 0) this.givenUp.set(kind, (this.givenUp.get(kind) ?? 0) + 1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    await Promise.resolve();
  }

  #draw(): (typeof keyKinds)[number] | OperatorKind {
    const kinds = this.#random.nextInt(4) === 0 ? operatorKinds : keyKinds;
    return kinds[this.#random.nextInt(kinds.length)] ?? "put";
  }

  /** Gives a call up at a random moment, or not at all; tells when. */
  async #giveUp(controller: AbortController): Promise<number | undefined> {
    const random = this.#random;
    const way = random.nextInt(5);
    if (way === 0) return undefined;
    const count = random.nextInt(12);
    if (way === 1) for (let step = 0; step < count; step += 1) await Promise.resolve();
    if (way === 2) for (let turn = 0; turn < count; turn += 1) await nextTurn();
    if (way >= 3) await passing(random.nextInt(way === 3 ? 4 : 25));
    controller.abort();
    return performance.now();
  }

  async #call(
    kind: (typeof keyKinds)[number] | OperatorKind,
    key: string,
    value: string,
    signal: AbortSignal,
  ): Promise<void> {
    switch (kind) {
      case "put":
        return this.#put(key, value, signal);
      case "swap":
        return this.#swap(key, value, signal);
      case "read":
        return this.#read(key, signal);
      case "watch":
        return this.#watch(signal);
      case "lease":
        return this.#lease(value, signal);
      default:
        return this.#operate(kind, signal);
    }
  }

  async #put(key: string, value: string, signal: AbortSignal): Promise<void> {
    const begun = this.#begin(key);
    const put = this.#client.put(key, value, { deadlineMillis, signal });
    this.writes.push({ ...begun, value, ...(await this.#settle(put)) });
  }

  async #swap(key: string, value: string, signal: AbortSignal): Promise<void> {
    const before = await this.#client
      .get(key, { serializable: true, deadlineMillis, signal })
      .catch(givenUpOnly);
    if (before === "failed") return;
    const expected = before?.modRevision ?? 0;
    const begun = this.#begin(key);
    const swap = this.#client
      .txn()
      .if(compare.modRevision(key, "==", expected))
      .then(op.put(key, value))
      .else(op.get(key))
      .commit({ deadlineMillis, signal });
    const ended = await this.#settle(swap);
    const result = ended.outcome.kind === "done" ? await swap : undefined;
    if (result?.succeeded !== false) {
      this.writes.push({ ...begun, value, expected, ...ended });
      return;
    }
    const [kv] = result.results[0].kvs;
    const seen = kv && { value: kv.text(), modRevision: kv.modRevision };
    this.sights.push({ ...begun, ...ended, isSerializable: false, ...(seen && { seen }) });
  }

  async #read(key: string, signal: AbortSignal): Promise<void> {
    const begun = this.#begin(key);
    const range = this.#client.range(Buffer.from(key), { deadlineMillis, signal });
    const ended = await this.#settle(range);
    const kv = ended.outcome.kind === "done" ? (await range).kvs[0] : undefined;
    const seen = kv && { value: kv.text(), modRevision: kv.modRevision };
    this.sights.push({ ...begun, ...ended, isSerializable: false, ...(seen && { seen }) });
  }

  /** Watches everything until it is given up, or a few events have come. */
  async #watch(signal: AbortSignal): Promise<void> {
    try {
      let last = 0;
      for await (const { kv } of this.#client.watch({ prefix: this.#place.prefix }, { signal })) {
        if (kv.modRevision < last) throw new Error(`W1: ${kv.modRevision} after ${last}`);
        last = kv.modRevision;
        this.events += 1;
        if (this.events % 5 === 0) return;
      }
    } catch (error) {
      givenUpOnly(error);
    }
  }

  /** Grants, uses, renews and revokes a lease; whatever was given up runs out by itself. */
  async #lease(value: string, signal: AbortSignal): Promise<void> {
    const { lease } = this.#client;
    const options = { deadlineMillis, signal };
    try {
      const { id } = await lease.grant(leaseSeconds, options);
      await this.#client.put(`leased/${value}`, value, { ...options, lease: id });
      await lease.keepAliveOnce(id, options);
      await lease.revoke(id, options);
    } catch (error) {
      givenUpOnly(error);
    }
  }

  async #operate(kind: OperatorKind, signal: AbortSignal): Promise<void> {
    const options = { deadlineMillis, signal };
    try {
      await callAsOperator(this.#client, kind, this.#random, this.#known, options);
    } catch (error) {
      givenUpOnly(error);
    }
  }

  #begin(key: string): Pick<WriteRecord, "member" | "key" | "floor" | "begunAt"> {
    const floor = this.#known.revision;
    return { member: this.#place.member, key, floor, begunAt: performance.now() };
  }

  async #settle(
    call: Promise<{ readonly revision: number }>,
  ): Promise<{ readonly outcome: Outcome; readonly endedAt: number }> {
    try {
      const { revision } = await call;
      this.#known.revision = Math.max(this.#known.revision, revision);
      return { outcome: { kind: "done", revision }, endedAt: performance.now() };
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      const kind = error.isOutcomeUnknown ? "unknown" : "failed";
      return { outcome: { kind, code: error.code }, endedAt: performance.now() };
    }
  }
}

/** Passes on what is not an error of the store's client. */
function givenUpOnly(error: unknown): "failed" {
  if (error instanceof EtcdError) return "failed";
  throw error;
}
