/** Many watchers of one key, and how late the last of them is told of a change (W11, B19). */
import { connect, type Client, type Watcher } from "@quorate/client";
import { within } from "../support/deadline.ts";
import { FairStopwatch } from "../support/fair-stopwatch.ts";
import type { MemberProcess } from "../support/member-process.ts";

const beatMillis = 10_000;

/** See the head of the file. */
export class Crowd implements AsyncDisposable {
  readonly #key: string;
  readonly #clients: readonly Client[];
  readonly #watchers: readonly Watcher[];
  readonly #loops: readonly Promise<void>[];
  #problem: string | undefined;
  #awaited = "";
  #missing = 0;
  #resolve: () => void = () => undefined;

  private constructor(key: string, clients: readonly Client[], watchers: readonly Watcher[]) {
    this.#key = key;
    this.#clients = clients;
    this.#watchers = watchers;
    this.#loops = watchers.map((watcher) => this.#follow(watcher));
  }

  /** Starts `size` watchers of `key`, spread over clients that have a stream each. */
  static async start(
    endpoint: string,
    key: string,
    size: number,
    clientCount: number,
  ): Promise<Crowd> {
    const clients = Array.from({ length: clientCount }, () => connect({ endpoints: [endpoint] }));
    const watchers = Array.from({ length: size }, (_, index) => {
      const client = clients[index % clients.length];
      if (client === undefined) throw new Error("Cannot start a crowd without clients");
      return client.watch(key);
    });
    await Promise.all(watchers.map((watcher) => watcher.whenCreated()));
    return new Crowd(key, clients, watchers);
  }

  /**
   * Changes the key and waits until everybody has been told.
   *
   * @param members - Those whose waits for a processor do not count.
   * @returns Milliseconds from the call of the put until the last one knew.
   */
  async beat(writer: Client, value: string, members: readonly MemberProcess[]): Promise<number> {
    this.#awaited = value;
    this.#missing = this.#watchers.length;
    const told = new Promise<void>((resolve) => (this.#resolve = resolve));
    const stopwatch = new FairStopwatch(members);
    await writer.put(this.#key, value);
    await within(beatMillis, `${value} at all watchers, ${this.#missing} missing`, told);
    if (this.#problem !== undefined) throw new Error(this.#problem);
    return stopwatch.read().millis;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    await Promise.all(this.#loops);
    for (const client of this.#clients) client.close();
  }

  async #follow(watcher: Watcher): Promise<void> {
    for await (const event of watcher) {
      const value = event.kv.text();
      if (value !== this.#awaited) this.#problem = `${value} came instead of ${this.#awaited}`;
      this.#missing -= 1;
      if (this.#missing === 0) this.#resolve();
    }
  }
}

/** The value below which this part of the numbers lies. */
export function percentile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
