/** Mirrors by the client's own watcher, which goes on by itself after everything (W5). */
import {
  TransportError,
  WatchCompactedError,
  type KeyRange,
  type KeyValue,
  type Watcher,
  type WatchEvent,
} from "@quorate/client";
import type { SeededRandom } from "@quorate/platform/sim";

import type { SeenEvent, WatchWish } from "../history/watch-history.ts";
import { latin1, fromLatin1, pause } from "./pacing.ts";
import { WatchLog } from "./watch-log.ts";
import { catchUpMillis, type MirrorHost } from "./watch-raw-mirror.ts";
import { drawWish } from "./watch-wish.ts";
import type { SimClient } from "./workload.ts";

/** One mirror, one watcher after the other on a client that several share. */
export class WatchClientMirror {
  readonly #name: string;
  readonly #host: MirrorHost;
  readonly #sim: SimClient;
  readonly #random: SeededRandom;
  #count = 0;
  #log: WatchLog | undefined;
  #watcher: Watcher | undefined;
  #isEnding = false;
  #isOver = false;

  constructor(name: string, host: MirrorHost, sim: SimClient, random: SeededRandom) {
    this.#name = name;
    this.#host = host;
    this.#sim = sim;
    this.#random = random;
  }

  /** Watches until {@link WatchClientMirror.catchUp} has what it wants. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#watch(drawWish(this.#random, this.#host.known), signal);
    }
    this.#isOver = true;
  }

  /** Waits until the watcher that lives covers a revision, then ends it. */
  async catchUp(revision: number): Promise<void> {
    const { nowMillis } = this.#host.world;
    const { timers } = this.#sim;
    const askedMillis = nowMillis();
    const never = new AbortController().signal;
    const log = this.#log;
    const isCovered = (): boolean =>
      log === undefined ||
      this.#isOver ||
      log.isCancelled ||
      log.nextRevision > revision ||
      log.wish.startRevision > revision;
    while (!isCovered() && nowMillis() < askedMillis + catchUpMillis + 1_000) {
      this.#watcher?.requestProgress();
      await pause(timers, 250, never);
    }
    const reachedMillis = isCovered() ? nowMillis() : undefined;
    const withinMillis = catchUpMillis;
    const name = this.#name;
    this.#host.catchUps.push({ name, revision, askedMillis, reachedMillis, withinMillis });
    this.#isEnding = true;
    this.#watcher?.close();
  }

  async #watch(wish: WatchWish, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    const { world, logs, known } = this.#host;
    this.#count += 1;
    const log = new WatchLog(`${this.#name}.${this.#count}`, wish, false);
    logs.push(log);
    const watcher = this.#sim.client.watch(rangeOf(wish), {
      startRevision: wish.startRevision,
      previous: wish.previous,
      progress: true,
      ...(wish.withoutPuts ? { only: "deletes" } : wish.withoutDeletes ? { only: "puts" } : {}),
    });
    this.#log = log;
    this.#watcher = watcher;
    // Ends by itself after a while, unless the end of the run comes first.
    const life = new AbortController();
    const lifeMillis = random.between(200, 20_000);
    const closing = pause(this.#sim.timers, lifeMillis, life.signal).then(() => {
      if (!life.signal.aborted && !signal.aborted) watcher.close();
    });
    const isSlow = random.chance(0.2);
    try {
      const createdRevision = await watcher.whenCreated();
      log.created(world.nowMillis(), createdRevision);
      for await (const batch of watcher.batches()) {
        const atMillis = world.nowMillis();
        if (batch.kind === "progress") log.progress(atMillis, batch.revision);
        else log.events(atMillis, batch.events.map(toSeenEvent), false);
        if (batch.revision > known.newest) known.newest = batch.revision;
        if (isSlow) await pause(this.#sim.timers, random.between(0, 800), signal);
      }
      log.cancelled(world.nowMillis(), { isAsked: true, reason: "", compactRevision: 0 });
    } catch (error) {
      this.#ended(log, error);
    } finally {
      life.abort();
      await closing;
    }
  }

  #ended(log: WatchLog, error: unknown): void {
    const atMillis = this.#host.world.nowMillis();
    if (error instanceof WatchCompactedError) {
      const { compactRevision, startRevision: resumeRevision } = error;
      log.cancelled(atMillis, { isAsked: false, reason: "", compactRevision, resumeRevision });
      const { known } = this.#host;
      known.compacted = Math.max(known.compacted, compactRevision);
      return;
    }
    // Closed by us before it was created.
    const isOurs = error instanceof Error && error.message.includes("it was closed");
    const isCancelled = error instanceof TransportError && error.code === "cancelled";
    if (!isOurs && !isCancelled && !this.#isEnding) throw error;
  }
}

function rangeOf({ key, rangeEnd }: WatchWish): KeyRange {
  if (rangeEnd === "") return fromLatin1(key);
  if (rangeEnd === "\0") return { from: fromLatin1(key) };
  return { begin: fromLatin1(key), end: fromLatin1(rangeEnd) };
}

function toSeenEvent({ type, kv, previous }: WatchEvent): SeenEvent {
  return {
    kind: type,
    key: latin1(kv.key),
    ...pairOf(kv),
    previous: previous === undefined ? undefined : pairOf(previous),
  };
}

function pairOf(kv: KeyValue): Omit<SeenEvent, "kind" | "key" | "previous"> {
  const { createRevision, modRevision, version, lease } = kv;
  return { value: latin1(kv.value), createRevision, modRevision, version, lease };
}
