import { KeyValue, type RangePage, type WatchEvent } from "@quorate/client";
import type { PrefixSource } from "../src/standalone/prefix-mirror.ts";

/** A store in memory with the part of a client that mirrors use, and faults to switch on. */
export class MemorySource implements PrefixSource {
  /** Every question fails. */
  isUnreachable = false;
  /** Changes reach no watch, as with a watch that died in silence. */
  isDeaf = false;
  loads = 0;
  readonly #rows = new Map<string, KeyValue>();
  readonly #watches = new Set<(event: WatchEvent | Error) => void>();
  #revision = 1;

  put(key: string, value: string): void {
    this.#revision += 1;
    const before = this.#rows.get(key);
    const kv = new KeyValue({
      key: Buffer.from(key),
      value: Buffer.from(value),
      createRevision: before?.createRevision ?? this.#revision,
      modRevision: this.#revision,
      version: 1,
      lease: 0n,
    });
    this.#rows.set(key, kv);
    this.#tell({ type: "put", kv, previous: undefined, isCreation: before === undefined });
  }

  delete(key: string): void {
    const kv = this.#rows.get(key);
    if (kv === undefined) return;
    this.#revision += 1;
    this.#rows.delete(key);
    this.#tell({ type: "delete", kv, previous: undefined, isCreation: false });
  }

  /** Ends all watches with an error. */
  breakWatches(): void {
    for (const watch of this.#watches) watch(new Error("watch compacted"));
  }

  async *pages({ prefix }: { readonly prefix: string }): AsyncGenerator<RangePage> {
    this.loads += 1;
    await this.#reach();
    yield { revision: this.#revision, kvs: this.#below(prefix) };
  }

  async range({ prefix }: { readonly prefix: string }): Promise<{ readonly count: number }> {
    await this.#reach();
    return { count: this.#below(prefix).length };
  }

  watch(
    { prefix }: { readonly prefix: string },
    { signal }: { readonly signal: AbortSignal },
  ): AsyncIterable<WatchEvent> & AsyncDisposable {
    const queue: (WatchEvent | Error)[] = [];
    let wake: (() => void) | undefined;
    const push = (event: WatchEvent | Error): void => {
      if (!(event instanceof Error) && !event.kv.keyText().startsWith(prefix)) return;
      queue.push(event);
      wake?.();
    };
    this.#watches.add(push);
    signal.addEventListener("abort", () => push(new Error("aborted")), { once: true });
    const drop = (): boolean => this.#watches.delete(push);
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const next = queue.shift();
          if (next instanceof Error) throw next;
          if (next !== undefined) yield next;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      },
      async [Symbol.asyncDispose]() {
        drop();
        await Promise.resolve();
      },
    };
  }

  #below(prefix: string): KeyValue[] {
    return [...this.#rows.values()].filter((kv) => kv.keyText().startsWith(prefix));
  }

  #tell(event: WatchEvent): void {
    if (!this.isDeaf) for (const watch of this.#watches) watch(event);
  }

  async #reach(): Promise<void> {
    await Promise.resolve();
    if (this.isUnreachable) throw new Error("unreachable");
  }
}
