/** Rows that nobody else writes, and what was acknowledged of them. */
import assert from "node:assert/strict";
import { connect, EtcdError, type Client } from "@quorate/client";
import type { ClusterProcesses } from "../support/cluster-processes.ts";
import type { MemberProcess } from "../support/member-process.ts";

const prefix = "key/";
const options = { deadlineMillis: 20_000 };

/** One row of an answer. */
export interface ToldRow {
  readonly modRevision: number;
  keyText(): string;
  text(): string;
}

/** What must be below `key/`, to the row, the value and the revision (P4, P7, P9). */
export class AcknowledgedRows {
  readonly #rows = new Map<string, string>();

  /** Writes so many rows through all members that run; again is a new revision of each. */
  async write(cluster: ClusterProcesses, count: number): Promise<void> {
    const running = cluster.members.filter(({ isRunning }) => isRunning);
    await using client = connect({ endpoints: running.map(({ endpoint }) => endpoint) });
    for (let at = 0; at < count; at += 1) await this.put(client, String(at));
  }

  /** Writes one row. */
  async put(client: Client, name: string): Promise<void> {
    const { revision } = await client.put(`${prefix}${name}`, rowValue(name), options);
    this.note(name, revision);
  }

  /** One row was acknowledged. */
  note(name: string, revision: number): void {
    this.#rows.set(`${prefix}${name}`, describe(rowValue(name), revision));
  }

  /** A member that is sound has every row. @throws Error also when it does not answer */
  async assertAt(member: MemberProcess): Promise<void> {
    await using client = connect({ endpoints: [member.endpoint] });
    const { kvs } = await client.getAll({ prefix }, options);
    this.assertWhole(kvs, member.name);
  }

  /** A member that is damaged has every row, or gives no answer; returns whether it gave one. */
  async readThrough(member: MemberProcess): Promise<boolean> {
    await using client = connect({ endpoints: [member.endpoint] });
    try {
      const { kvs } = await client.getAll({ prefix }, { deadlineMillis: 10_000 });
      this.assertWhole(kvs, member.name);
      return true;
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      return false;
    }
  }

  /** Compares a whole answer; nothing may be missing, be another's, or be of another revision. */
  assertWhole(kvs: readonly ToldRow[], who: string): void {
    const told = kvs.map((kv) => [kv.keyText(), describe(kv.text(), kv.modRevision)]);
    const wanted = [...this.#rows].sort(([one], [other]) => (one < other ? -1 : 1));
    assert.deepEqual(told, wanted, `${who} has exactly what was acknowledged`);
  }
}

/** The value of a row, long enough for a page to hold few. */
export function rowValue(name: string): string {
  return `value-${name}-${"x".repeat(200)}`;
}

function describe(value: string, revision: number): string {
  return `${value} at ${revision}`;
}
