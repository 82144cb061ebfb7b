/**
 * Follows the rows of a registry and keeps a local copy of them.
 *
 * First the rows are read at one revision, then watched from the next one. When compaction ends
 * the watch, or connections were lost for too long, the rows are read again and compared with the
 * copy: what is missing there is reported as gone (R1), so no deletion is ever slept through.
 */
import {
  isSameInstance,
  WatchCompactedError,
  type CallOptions,
  type Client,
  type KeyValue,
  type WatchEvent,
} from "@quorate/client";

import { WaitCancelledError } from "./errors.ts";
import { LinkedSignal, untilAvailable } from "./signals.ts";
import type { ForeignRow, RegisteredInstance, Resolved } from "./registry.ts";

/** Options of {@link Registry.watch}. */
export interface InstanceWatchOptions {
  /** Ends the watch: iteration then throws WaitCancelledError. @default none */
  readonly signal?: AbortSignal;
}

/** What a watch of a registry reports. */
export type InstanceEvent =
  | {
      readonly kind: "snapshot";
      readonly revision: number;
      readonly instances: readonly RegisteredInstance[];
    }
  | { readonly kind: "up"; readonly revision: number; readonly instance: RegisteredInstance }
  | {
      readonly kind: "changed";
      readonly revision: number;
      readonly instance: RegisteredInstance;
      readonly previous: RegisteredInstance;
    }
  | {
      readonly kind: "down";
      readonly revision: number;
      /** As it was last seen. */
      readonly instance: RegisteredInstance;
    }
  | {
      /** A row that is not an instance appeared and is skipped. */
      readonly kind: "foreign";
      readonly revision: number;
      readonly row: ForeignRow;
    };

/** Where the rows are and how they are read. @internal */
export interface InstanceSource {
  readonly client: Client;
  readonly prefix: string;
  readonly read: (kv: KeyValue) => RegisteredInstance | ForeignRow;
  readonly resolve: (options: CallOptions) => Promise<Resolved>;
}

/** A watch of a registry: iterate it, once; leaving the loop ends it. */
export class InstanceWatch implements AsyncIterable<InstanceEvent>, AsyncDisposable {
  readonly #source: InstanceSource;
  readonly #options: InstanceWatchOptions;
  readonly #closed = new AbortController();
  readonly #rows = new Map<string, RegisteredInstance>();

  /** @internal */
  constructor(source: InstanceSource, options: InstanceWatchOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** The instances as of the last event that was read, by row key. */
  get instances(): ReadonlyMap<string, RegisteredInstance> {
    return this.#rows;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<InstanceEvent, void, undefined> {
    const { signal: outer } = this.#options;
    using linked = new LinkedSignal(outer, this.#closed.signal);
    const { signal } = linked;
    try {
      const first = await this.#source.resolve({ signal });
      yield* this.#reload(first, true);
      let startRevision = first.revision + 1;
      for (;;) {
        try {
          const watcher = this.#source.client.watch(
            { prefix: this.#source.prefix },
            { startRevision, signal },
          );
          for await (const event of watcher) yield* this.#apply(event);
          return;
        } catch (error) {
          if (!(error instanceof WatchCompactedError)) throw error;
          const again = await untilAvailable(
            this.#source.client,
            () => this.#source.resolve({ signal }),
            signal,
          );
          yield* this.#reload(again, false);
          startRevision = again.revision + 1;
        }
      }
    } catch (error) {
      if (this.#closed.signal.aborted) return;
      if (outer?.aborted === true) {
        throw new WaitCancelledError(`watch "${this.#source.prefix}"`, outer.reason);
      }
      throw error;
    }
  }

  /** Ends the watch; the loop ends. Idempotent. */
  close(): void {
    this.#closed.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.resolve();
  }

  *#apply(event: WatchEvent): Generator<InstanceEvent, void, undefined> {
    const key = event.kv.keyText();
    const revision = event.kv.modRevision;
    if (event.type === "delete") {
      yield* this.#remove(key, revision);
      return;
    }
    const row = this.#source.read(event.kv);
    if ("problem" in row) {
      // What was an instance and is none any more must not go on being used.
      yield* this.#remove(key, revision);
      yield { kind: "foreign", revision, row };
      return;
    }
    yield* this.#set(row, revision);
  }

  /** Takes over a full reading: reports it whole, or only what differs from the copy. */
  *#reload(resolved: Resolved, isFirst: boolean): Generator<InstanceEvent, void, undefined> {
    const { revision, instances, foreign } = resolved;
    const present = new Map(instances.map((row) => [row.key, row]));
    if (isFirst) {
      for (const [key, row] of present) this.#rows.set(key, row);
      yield { kind: "snapshot", revision, instances };
    } else {
      for (const key of [...this.#rows.keys()]) {
        if (!present.has(key)) yield* this.#remove(key, revision);
      }
      for (const row of instances) yield* this.#set(row, revision);
    }
    for (const row of foreign) yield { kind: "foreign", revision, row };
  }

  *#set(instance: RegisteredInstance, revision: number): Generator<InstanceEvent, void, undefined> {
    const previous = this.#rows.get(instance.key);
    this.#rows.set(instance.key, instance);
    if (previous === undefined) yield { kind: "up", revision, instance };
    else if (!isSameInstance(previous, instance) || previous.leaseId !== instance.leaseId) {
      yield { kind: "changed", revision, instance, previous };
    }
  }

  *#remove(key: string, revision: number): Generator<InstanceEvent, void, undefined> {
    const instance = this.#rows.get(key);
    if (instance === undefined) return;
    this.#rows.delete(key);
    yield { kind: "down", revision, instance };
  }
}
