import type { Client } from "@quorate/client";
import { attempt } from "../workloads/pacing.ts";
import type { Stage } from "./stage.ts";

/** What came of a write. */
type Outcome = "acknowledged" | "refused" | "unknown";

/**
 * Writes of a script, each to a key of its own, and what must be found of them for ever: those that
 * were acknowledged are there (P4), those that were refused are not (P6), none took effect twice.
 */
export class Ledger {
  readonly #stage: Stage;
  readonly #prefix: string;
  readonly #outcomes = new Map<string, Outcome>();
  #count = 0;

  /** @param name - Unique in a script. */
  constructor(stage: Stage, name: string) {
    this.#stage = stage;
    this.#prefix = `ledger ${name}/`;
  }

  /** Number of writes that were acknowledged. */
  get acknowledged(): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome === "acknowledged").length;
  }

  /** Writes once; tells whether it was acknowledged. */
  async write(client: Client, deadlineMillis: number = 5_000, bytes: number = 0): Promise<boolean> {
    this.#count += 1;
    const key = `${this.#prefix}${this.#count}`;
    this.#outcomes.set(key, "unknown");
    const value = key.padEnd(bytes, ".");
    const result = await attempt(() => client.put(key, value, { deadlineMillis }));
    if (result.kind === "done") this.#outcomes.set(key, "acknowledged");
    else if (!result.error.isOutcomeUnknown) this.#outcomes.set(key, "refused");
    return result.kind === "done";
  }

  /** Writes one after the other; tells how many were acknowledged. */
  async writeMany(client: Client, count: number, bytes: number = 0): Promise<number> {
    const before = this.acknowledged;
    for (let i = 0; i < count; i += 1) await this.write(client, undefined, bytes);
    return this.acknowledged - before;
  }

  /** Writes with several hands at once. */
  async writeAtOnce(client: Client, hands: number, each: number): Promise<void> {
    await Promise.all(Array.from({ length: hands }, () => this.writeMany(client, each)));
  }

  /** Writes with several hands until the returned function is called. */
  load(hands: number = 2, client: Client = this.#stage.anyone): () => Promise<void> {
    let isOver = false;
    const work = async (): Promise<void> => {
      while (!isOver && !this.#stage.world.hasFailed()) {
        await this.write(client, 3_000);
        await this.#stage.wait(this.#stage.random.between(0, 20));
      }
    };
    const working = Promise.all(Array.from({ length: hands }, work));
    working.catch((error: unknown) => this.#stage.world.fail(error));
    return async () => {
      isOver = true;
      await working;
    };
  }

  /** Reads everything back. @throws CheckFailure for what is missing or too much */
  async check(client: Client = this.#stage.anyone): Promise<void> {
    const before = new Map(this.#outcomes);
    const { kvs } = await this.#stage.insist("reading the ledger", () =>
      client.getAll({ prefix: this.#prefix }),
    );
    const found = new Map(kvs.map((pair) => [pair.keyText(), pair.version]));
    for (const [key, outcome] of before) {
      const version = found.get(key);
      const isLost = outcome === "acknowledged" && version === undefined;
      this.#stage.expect(!isLost, `P4: ${key} was acknowledged and is gone`);
      const isBack = this.#outcomes.get(key) === "refused" && version !== undefined;
      this.#stage.expect(!isBack, `P6: ${key} was refused and is there`);
      this.#stage.expect((version ?? 1) === 1, `P6: ${key} was written ${version} times`);
    }
  }
}
