/**
 * Clients that write and read at a steady pace while a network fails, and remember every outcome.
 *
 * Each member has a writer and a reader of its own, so both sides of a partition are asked all the
 * time. All run in one process: what was answered before a call began is known exactly, and every
 * later answer has to be at or above it (P1, P2).
 */
import { setTimeout as pause } from "node:timers/promises";
import { compare, connect, EtcdError, op, type Client } from "@quorate/client";

const paceMillis = 20;
const deadlineMillis = 2_000;

/** What became of a call. */
export type Outcome =
  | { readonly kind: "done"; readonly revision: number }
  /** It never took effect, or was a read. */
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "unknown"; readonly code: string };

/** One call of one client. */
export interface CallRecord {
  readonly member: number;
  readonly key: string;
  /** Highest revision that any client had been told before the call. */
  readonly floor: number;
  /** Milliseconds of the process's clock. */
  readonly begunAt: number;
  readonly endedAt: number;
  readonly outcome: Outcome;
}

/** A write; every value is written once only. */
export interface WriteRecord extends CallRecord {
  readonly value: string;
  /** Mod revision the key had to have, when the write was conditional. */
  readonly expected?: number;
}

/** What a read, or a conditional write that did not apply, saw of a key. */
export interface ReadRecord extends CallRecord {
  readonly isSerializable: boolean;
  /** Undefined: the key was not there, or the call failed. */
  readonly seen?: { readonly value: string; readonly modRevision: number };
}

/** The clients of one cluster; see the head of the file. */
export class NetworkLoad implements AsyncDisposable {
  readonly writes: WriteRecord[] = [];
  /** In the order of their calls on each member. */
  readonly reads: ReadRecord[] = [];
  /** What conditional writes saw that did not apply. */
  readonly sights: ReadRecord[] = [];
  readonly #clients: readonly Client[];
  readonly #end = new AbortController();
  readonly #loops: Promise<void>[] = [];
  readonly #keys: readonly string[];
  /** Tells the values of one load from those of another. */
  readonly #name: string;
  #floor = 0;
  #count = 0;

  /**
   * Starts a writer and a reader for each endpoint.
   *
   * @param name - Prefix of all keys and values.
   */
  constructor(name: string, endpoints: readonly string[]) {
    this.#name = name;
    this.#keys = Array.from({ length: 5 }, (_, index) => `${name}/key-${index}`);
    this.#clients = endpoints.map((endpoint) => connect({ endpoints: [endpoint] }));
    for (const [member, client] of this.#clients.entries()) {
      this.#loops.push(this.#pace((turn) => this.#write(member, client, turn)));
      this.#loops.push(this.#pace((turn) => this.#read(member, client, turn)));
    }
  }

  /** Ends all clients when their calls under way have an outcome. Idempotent. */
  async stop(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#loops);
    for (const client of this.#clients) client.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** One call after the other, with a pause between. */
  async #pace(step: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 1; !this.#end.signal.aborted; turn += 1) {
      await step(turn);
      // The rate of arrival: a side that refuses everything at once is not to be asked in a frenzy.
      await pause(paceMillis);
    }
  }

  async #write(member: number, client: Client, turn: number): Promise<void> {
    this.#count += 1;
    const key = this.#keys[this.#count % this.#keys.length] ?? "";
    const value = `${this.#name}-${member}-${turn}`;
    if (turn % 3 === 0) {
      await this.#swap(member, client, key, value);
      return;
    }
    const begun = this.#begin(member, key);
    const put = client.put(key, value, { deadlineMillis });
    this.writes.push({ ...begun, value, ...(await this.#settle(put)) });
  }

  /** Writes if nobody else did since a look at the key that may be stale. */
  async #swap(member: number, client: Client, key: string, value: string): Promise<void> {
    const before = await client
      .get(key, { serializable: true, deadlineMillis })
      .catch((error: unknown) => errorOf(error));
    if (before instanceof EtcdError) return;
    const expected = before?.modRevision ?? 0;
    const begun = this.#begin(member, key);
    const swap = client
      .txn()
      .if(compare.modRevision(key, "==", expected))
      .then(op.put(key, value))
      .else(op.get(key))
      .commit({ deadlineMillis });
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

  async #read(member: number, client: Client, turn: number): Promise<void> {
    const key = this.#keys[turn % this.#keys.length] ?? "";
    const isSerializable = turn % 4 === 0;
    const begun = this.#begin(member, key);
    const range = client.range(Buffer.from(key), { serializable: isSerializable, deadlineMillis });
    // What a serializable read says is no news for others: it may be of the past.
    const ended = await this.#settle(range, !isSerializable);
    const kv = ended.outcome.kind === "done" ? (await range).kvs[0] : undefined;
    const seen = kv && { value: kv.text(), modRevision: kv.modRevision };
    this.reads.push({ ...begun, ...ended, isSerializable, ...(seen && { seen }) });
  }

  #begin(member: number, key: string): Pick<CallRecord, "member" | "key" | "floor" | "begunAt"> {
    return { member, key, floor: this.#floor, begunAt: performance.now() };
  }

  async #settle(
    call: Promise<{ readonly revision: number }>,
    raisesFloor = true,
  ): Promise<Pick<CallRecord, "outcome" | "endedAt">> {
    try {
      const { revision } = await call;
      if (raisesFloor) this.#floor = Math.max(this.#floor, revision);
      return { outcome: { kind: "done", revision }, endedAt: performance.now() };
    } catch (error) {
      const { code, isOutcomeUnknown } = errorOf(error);
      const kind = isOutcomeUnknown ? "unknown" : "failed";
      return { outcome: { kind, code }, endedAt: performance.now() };
    }
  }
}

/** The error if it is one of the client's; anything else is a mistake of the tests. */
function errorOf(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error;
  throw error;
}
