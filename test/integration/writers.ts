/**
 * Writers that remember what they were told, to be held against what the store has in the end.
 *
 * Each writer takes steps of several kinds in turn: transactions that count up and leave a row,
 * puts, puts under a lease, deletes, revocations, and reads of its own and of its neighbour's
 * count. Rows are never written twice, so each event of a history has one step that it came from.
 * All writers share a {@link RealTime}: no answer may be older than what any of them was told
 * before the question (P1, P2, P7).
 */
import assert from "node:assert/strict";
import { connect, EtcdError, op, type CallOptions, type Client } from "@quorate/client";

/** What a step came to: the revision of its acknowledgement, or that there was none. */
export type Outcome = number | "unknown" | "refused";

/** What happened to one row. */
export interface RowRecord {
  readonly written: Outcome;
  /** Undefined while nobody tried. */
  removed: Outcome | undefined;
}

/** A linearizable read. */
export interface ReadRecord {
  readonly key: string;
  readonly value: string | undefined;
  /** Revision of the state that it shows. */
  readonly revision: number;
}

/** What a writer knows. */
export interface WriterRecord {
  readonly name: string;
  readonly rows: Map<string, RowRecord>;
  readonly reads: ReadRecord[];
}

/** The newest revision that any writer was told. */
export class RealTime {
  revision = 0;

  /** An answer of now; `floor` is what was known when its question was asked. */
  note(revision: number, floor: number, what: string): void {
    assert.ok(revision >= floor, `${what} at revision ${revision}, after ${floor} was told (P1)`);
    this.revision = Math.max(this.revision, revision);
  }
}

const leaseSeconds = 3_600;

/** Runs one writer on one endpoint until `signal` aborts. */
export async function runWriter(
  name: string,
  endpoint: string,
  signal: AbortSignal,
  realTime: RealTime = new RealTime(),
): Promise<WriterRecord> {
  await using client = connect({ endpoints: [endpoint] });
  const writer = new Writer(name, client, realTime, signal);
  await writer.run();
  return writer.record;
}

class Writer {
  readonly record: WriterRecord;
  readonly #client: Client;
  readonly #realTime: RealTime;
  readonly #signal: AbortSignal;
  readonly #options: CallOptions;
  readonly #leases: { readonly id: bigint; readonly row: RowRecord }[] = [];
  readonly #removable: string[] = [];
  #step = 0;

  constructor(name: string, client: Client, realTime: RealTime, signal: AbortSignal) {
    this.record = { name, rows: new Map(), reads: [] };
    this.#client = client;
    this.#realTime = realTime;
    this.#signal = signal;
    // A write that is cut short has an unknown outcome, like one that gets no answer.
    this.#options = { deadlineMillis: 2_000, signal };
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      this.#step += 1;
      await this.#takeStep(this.#step % steps.length);
    }
  }

  async #takeStep(turn: number): Promise<void> {
    const { name } = this.record;
    switch (steps[turn]) {
      case "put":
        return this.#write("put", (row) => this.#client.put(row, name, this.#options));
      case "delete":
        return this.#deleteRow();
      case "lease":
        return this.#writeUnderLease();
      case "revoke":
        return this.#revoke();
      case "read":
        return this.#read(this.#step % 2 === 0 ? name : neighbourOf(name));
      case "txn":
      case undefined:
        return this.#write("transaction", async (row) => {
          const count = op.put(`count/${name}`, String(this.#step));
          return this.#client.txn().then(count, op.put(row, name)).commit(this.#options);
        });
    }
  }

  async #write(
    what: string,
    call: (row: string) => Promise<{ readonly revision: number }>,
  ): Promise<void> {
    const row = this.#nextRow();
    const written = await this.#attempt(what, async () => (await call(row)).revision);
    this.record.rows.set(row, { written, removed: undefined });
    // One whose outcome is unknown might still be written after it was removed.
    if (typeof written === "number" && this.#step % 3 === 0) this.#removable.push(row);
  }

  async #deleteRow(): Promise<void> {
    const row = this.#removable.shift();
    const known = row === undefined ? undefined : this.record.rows.get(row);
    if (row === undefined || known === undefined) return;
    known.removed = await this.#attempt("delete", async () => {
      return (await this.#client.delete(row, this.#options)).revision;
    });
  }

  async #writeUnderLease(): Promise<void> {
    let id = 0n;
    const granted = await this.#attempt("grant", async () => {
      const grant = await this.#client.lease.grant(leaseSeconds, this.#options);
      id = grant.id;
      return grant.header.revision;
    });
    if (typeof granted !== "number") return;
    const row = this.#nextRow();
    const written = await this.#attempt("put under a lease", async () => {
      return (await this.#client.put(row, this.record.name, { lease: id, ...this.#options }))
        .revision;
    });
    const known = { written, removed: undefined };
    this.record.rows.set(row, known);
    this.#leases.push({ id, row: known });
  }

  /** Takes away every other lease: the row goes with it (L5). */
  async #revoke(): Promise<void> {
    if (this.#leases.length < 2) return;
    const lease = this.#leases.shift();
    this.#leases.shift();
    if (lease === undefined) return;
    lease.row.removed = await this.#attempt("revoke", async () => {
      await this.#client.lease.revoke(lease.id, this.#options);
      return this.#realTime.revision;
    });
  }

  async #read(name: string): Promise<void> {
    const key = `count/${name}`;
    const floor = this.#realTime.revision;
    try {
      const { kvs, revision } = await this.#client.range(key, this.#options);
      this.#realTime.note(revision, floor, `read of ${key}`);
      this.record.reads.push({ key, value: kvs[0]?.text(), revision });
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
    }
  }

  async #attempt(what: string, call: () => Promise<number>): Promise<Outcome> {
    const floor = this.#realTime.revision;
    try {
      const revision = await call();
      this.#realTime.note(revision, floor, `${what} of ${this.record.name}`);
      return revision;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      return error.isOutcomeUnknown ? "unknown" : "refused";
    }
  }

  #nextRow(): string {
    return `rows/${this.record.name}/${String(this.#step).padStart(8, "0")}`;
  }
}

const steps = ["txn", "put", "read", "txn", "lease", "delete", "txn", "put", "revoke"] as const;

/** Two writers share an endpoint: `a0` and `b0`. */
function neighbourOf(name: string): string {
  return (name.startsWith("a") ? "b" : "a") + name.slice(1);
}
