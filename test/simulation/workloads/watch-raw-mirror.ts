/** A mirror on raw streams: connects, watches, breaks off, goes on from where it was (W5). */
import { watchCancelReasons } from "@quorate/api";
import type { SeededRandom } from "@quorate/platform/sim";

import type { CatchUp, WatchRefusal } from "../history/watch-history.ts";
import { pause } from "./pacing.ts";
import { WatchLog } from "./watch-log.ts";
import { WatchRawStream } from "./watch-raw-stream.ts";
import { drawWish, type WatchedKeys } from "./watch-wish.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** What mirrors of a workload share. */
export interface MirrorHost {
  readonly world: WorkloadWorld;
  /** What somebody learnt, to draw wishes from. */
  readonly known: WatchedKeys;
  readonly logs: WatchLog[];
  readonly catchUps: CatchUp[];
  readonly refusals: WatchRefusal[];
}

/**
 * Milliseconds a mirror has to see everything, from a read of a healed cluster. A member that fell
 * silent is noticed by its connection after 15 s.
 */
export const catchUpMillis = 35_000;

const connectMillis = 2_000;
/** A stream that says nothing for so long while it is asked is given up. */
const silenceMillis = 4_000;

/** See the head of the file. */
export class WatchRawMirror {
  readonly #name: string;
  readonly #host: MirrorHost;
  readonly #sim: SimClient;
  readonly #random: SeededRandom;
  readonly #watchersMax: number;
  /** Watchers that live, or wait for a stream to go on. */
  #wanted: WatchLog[] = [];
  #count = 0;
  #heardMillis = 0;

  constructor(
    name: string,
    host: MirrorHost,
    sim: SimClient,
    random: SeededRandom,
    watchersMax: number,
  ) {
    this.#name = name;
    this.#host = host;
    this.#sim = sim;
    this.#random = random;
    this.#watchersMax = watchersMax;
  }

  /** Watches until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#session(this.#random.between(100, 8_000), signal, (stream) =>
        this.#disturb(stream),
      );
      await pause(this.#sim.timers, this.#random.between(0, 300), signal);
    }
  }

  /** Goes on with what is left until all of it covers a revision. */
  async catchUp(revision: number): Promise<void> {
    const { nowMillis } = this.#host.world;
    const askedMillis = nowMillis();
    const endMillis = askedMillis + catchUpMillis + 1_000;
    const over = new AbortController();
    const isCovered = (): boolean =>
      this.#wanted.every((log) => log.isCancelled || log.nextRevision > revision);
    while (!isCovered() && nowMillis() < endMillis) {
      // While a stream has a watcher for the future, it says nothing about all of its watchers.
      this.#wanted = this.#wanted.filter(({ nextRevision }) => nextRevision <= revision);
      await this.#session(endMillis - nowMillis(), over.signal, (stream) => {
        if (isCovered()) over.abort();
        else if (nowMillis() - this.#heardMillis > silenceMillis) stream.close();
        else stream.requestProgress();
      });
      if (!isCovered()) await pause(this.#sim.timers, 100, over.signal);
    }
    const reachedMillis = isCovered() ? nowMillis() : undefined;
    this.#host.catchUps.push({
      ...{ name: this.#name, revision, askedMillis, reachedMillis },
      withinMillis: catchUpMillis,
    });
  }

  /** One stream from its opening to its end. */
  async #session(
    lifeMillis: number,
    signal: AbortSignal,
    tick: (stream: WatchRawStream) => void,
  ): Promise<void> {
    const random = this.#random;
    const { client, timers } = this.#sim;
    const { nowMillis } = this.#host.world;
    const channel = this.#sim.openChannel(random.pick(client.endpoints));
    const endMillis = nowMillis() + lifeMillis;
    try {
      if (!(await channel.connect(connectMillis, signal))) return;
      const headers = new Map(random.chance(0.8) ? [["hasleader", "true"]] : []);
      this.#heardMillis = nowMillis();
      const stream = new WatchRawStream(channel, headers, nowMillis, () => {
        this.#heardMillis = nowMillis();
      });
      this.#goOn(stream);
      while (stream.isOpen && nowMillis() < endMillis && !signal.aborted) {
        await pause(timers, random.between(20, 400), signal);
        tick(stream);
        this.#learn(stream);
      }
      stream.close();
      await stream.ended();
    } finally {
      channel.close();
    }
  }

  /** Creates what an earlier stream left, from its next revisions on. */
  #goOn(stream: WatchRawStream): void {
    this.#wanted = this.#wanted
      .filter(({ isCancelled }) => !isCancelled)
      .map((log) => {
        const startRevision = log.nextRevision;
        const wish = { ...log.wish, startRevision };
        return this.#create(stream, wish, log.steps.length > 0);
      });
  }

  /** Something that clients do on a stream. */
  #disturb(stream: WatchRawStream): void {
    const random = this.#random;
    const { known } = this.#host;
    const act = random.nextInt(12);
    if (this.#wanted.length < this.#watchersMax && act < 6) {
      const burst = this.#watchersMax > 20 ? random.between(10, 60) : 1;
      const wish = drawWish(random, known);
      for (let count = 0; count < burst; count += 1) {
        const own = burst > 1 ? drawWish(random, known) : wish;
        this.#wanted.push(this.#create(stream, own, false));
      }
    } else if (act < 9) {
      stream.requestProgress();
    } else if (act === 9) {
      const ids = stream.liveIds;
      if (ids.length > 0) stream.cancelWatcher(random.pick(ids));
    } else if (act === 10) {
      this.#askRefused(stream);
    } else if (random.chance(0.2)) {
      stream.close();
    }
    this.#dropEnded(stream);
  }

  /** Watchers that ended by compaction begin again where history begins. */
  #dropEnded(stream: WatchRawStream): void {
    this.#wanted = this.#wanted.flatMap((log) => {
      if (!log.isCancelled) return [log];
      const compacted = compactedBy(log);
      if (compacted === 0) return [];
      const { known } = this.#host;
      known.compacted = Math.max(known.compacted, compacted);
      const wish = { ...log.wish, startRevision: compacted };
      return this.#random.chance(0.8) ? [this.#create(stream, wish, false)] : [];
    });
  }

  #create(stream: WatchRawStream, wish: WatchLog["wish"], isResumption: boolean): WatchLog {
    const random = this.#random;
    this.#count += 1;
    const log = new WatchLog(`${this.#name}.${this.#count}`, wish, isResumption);
    this.#host.logs.push(log);
    const watchId = random.chance(0.2) ? BigInt.asIntN(64, random.nextBigUint64()) : 0n;
    stream.create(log, { fragment: random.chance(0.5), watchId });
    return log;
  }

  #askRefused(stream: WatchRawStream): void {
    const [taken] = stream.liveIds.filter((id) => id !== 0n);
    const request = { key: "w/", rangeEnd: "w0", startRevision: 0, watchId: 0n };
    const [wanted, wrong] = this.#random.pick([
      [watchCancelReasons["range-empty"], { ...request, key: "w/5", rangeEnd: "w/1" }],
      [watchCancelReasons.compacted, { ...request, startRevision: -1 }],
      taken === undefined
        ? [watchCancelReasons["range-empty"], { ...request, rangeEnd: "w/" }]
        : [watchCancelReasons["duplicate-watch-id"], { ...request, watchId: taken }],
    ] as const);
    stream.createRefused(wrong, (reason) => this.#host.refusals.push({ wanted, reason }));
  }

  #learn(stream: WatchRawStream): void {
    const { known } = this.#host;
    for (const { nextRevision, wish } of stream.live) {
      if (wish.startRevision <= known.newest) {
        known.newest = Math.max(known.newest, nextRevision - 1);
      }
    }
  }
}

function compactedBy(log: WatchLog): number {
  const last = log.steps.at(-1);
  return last?.kind === "cancelled" ? last.compactRevision : 0;
}
