import { setTimeout as sleep } from "node:timers/promises";
import type { KeyValue, RangePage, WatchEvent } from "@quorate/client";
import type { Clock, Logger } from "@quorate/platform";

/** Settings of a {@link PrefixMirror}. */
export interface PrefixMirrorOptions<T> {
  readonly prefix: string;
  /** What is kept of a pair. */
  parse(kv: KeyValue): T;
  /** How often the cluster is asked whether the mirror is right. */
  readonly probeMillis: number;
  /** How often everything is read again, whatever the probes say. @default 300000 */
  readonly reloadMillis?: number;
  /**
   * More rows are taken for a wrong prefix: the mirror then stays as it was and grows old. @default
   * 200000
   */
  readonly rowsMax?: number;
}

/** The part of a client that a {@link PrefixMirror} uses. */
export interface PrefixSource {
  pages(
    range: { readonly prefix: string },
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<RangePage>;
  range(
    range: { readonly prefix: string },
    options: { readonly countOnly: true; readonly signal: AbortSignal },
  ): Promise<{ readonly count: number }>;
  watch(
    range: { readonly prefix: string },
    options: { readonly startRevision: number; readonly signal: AbortSignal },
  ): AsyncIterable<WatchEvent> & AsyncDisposable;
}

/** What a {@link PrefixMirror} needs. */
export interface PrefixMirrorDependencies {
  readonly client: PrefixSource;
  readonly clock: Clock;
  readonly logger: Logger;
}

const defaultReloadMillis = 300_000;
const defaultRowsMax = 200_000;
const mismatchesMax = 2;
const retryMillisMin = 250;
const retryMillisMax = 5_000;

/**
 * All pairs below a prefix, kept up to date in memory, with the age of that knowledge.
 *
 * Loaded at one revision, then followed by a watch. A watch that is silent may be well or dead, so
 * the age comes from elsewhere: every probe is a linearizable count, which only a cluster with a
 * quorum answers; it renews the age when the count is that of the mirror. A count that stays
 * different, an ended watch and now and then time alone make it load everything again. Old rows
 * stay until the new ones are complete.
 */
export class PrefixMirror<T> {
  readonly #options: PrefixMirrorOptions<T>;
  readonly #dependencies: PrefixMirrorDependencies;
  readonly #abort = new AbortController();
  #rows = new Map<string, T>();
  #rightAtMillis = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;

  constructor(options: PrefixMirrorOptions<T>, dependencies: PrefixMirrorDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** Rows by key, prefix included. */
  get rows(): ReadonlyMap<string, T> {
    return this.#rows;
  }

  /** Milliseconds since the rows were last known to be right; infinite before they ever were. */
  ageMillis(): number {
    return this.#dependencies.clock.monotonicMillis() - this.#rightAtMillis;
  }

  /** Begins to follow; idempotent. */
  start(): void {
    this.#running ??= this.#run(this.#abort.signal);
  }

  /** Stops; idempotent. Rows stay as they are. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let retryMillis = retryMillisMin;
    while (!isAborted(signal)) {
      try {
        await this.#follow(signal);
        retryMillis = retryMillisMin;
      } catch (error) {
        if (isAborted(signal)) return;
        this.#dependencies.logger.warn("cannot follow prefix", {
          prefix: this.#options.prefix,
          error: error instanceof Error ? error.message : String(error),
        });
        await sleep(retryMillis, undefined, { signal }).catch(() => undefined);
        retryMillis = Math.min(retryMillis * 2, retryMillisMax);
      }
    }
  }

  /** One life of the mirror: load, then watch and probe until it has to load again. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { client } = this.#dependencies;
    const range = { prefix: this.#options.prefix };
    const revision = await this.#load(signal);
    const round = new AbortController();
    const either = AbortSignal.any([signal, round.signal]);
    await using watcher = client.watch(range, { startRevision: revision + 1, signal: either });
    const work = [this.#apply(watcher), this.#probe(either)];
    try {
      await Promise.race(work);
    } finally {
      round.abort();
      await Promise.allSettled(work);
    }
  }

  /** Reads everything at one revision, which it returns. */
  async #load(signal: AbortSignal): Promise<number> {
    const { client, clock } = this.#dependencies;
    const { prefix, parse, rowsMax = defaultRowsMax } = this.#options;
    const askedAtMillis = clock.monotonicMillis();
    const rows = new Map<string, T>();
    let revision = 0;
    for await (const page of client.pages({ prefix }, { signal })) {
      revision = page.revision;
      for (const kv of page.kvs) rows.set(kv.keyText(), parse(kv));
      if (rows.size > rowsMax) throw new Error(`more than ${rowsMax} keys below the prefix`);
    }
    this.#rows = rows;
    this.#rightAtMillis = askedAtMillis;
    return revision;
  }

  async #apply(watcher: AsyncIterable<WatchEvent>): Promise<void> {
    for await (const { type, kv } of watcher) {
      if (type === "put") this.#rows.set(kv.keyText(), this.#options.parse(kv));
      else this.#rows.delete(kv.keyText());
      if (this.#rows.size > (this.#options.rowsMax ?? defaultRowsMax)) return;
    }
  }

  /** Returns when everything should be loaded again. */
  async #probe(signal: AbortSignal): Promise<void> {
    const { client, clock, logger } = this.#dependencies;
    const { prefix, probeMillis, reloadMillis = defaultReloadMillis } = this.#options;
    const reloadAtMillis = clock.monotonicMillis() + reloadMillis;
    let mismatches = 0;
    while (mismatches < mismatchesMax && clock.monotonicMillis() < reloadAtMillis) {
      await sleep(probeMillis, undefined, { signal });
      const askedAtMillis = clock.monotonicMillis();
      try {
        const { count } = await client.range({ prefix }, { countOnly: true, signal });
        if (count === this.#rows.size) {
          mismatches = 0;
          this.#rightAtMillis = askedAtMillis;
        } else {
          mismatches += 1; // The watch may be a moment behind: one difference means nothing.
        }
      } catch (error) {
        if (signal.aborted) return;
        const text = error instanceof Error ? error.message : String(error);
        logger.debug("probe failed", { prefix, error: text });
      }
    }
  }
}

/** A call, because the compiler takes a property that was false once for false ever after. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
