import type { SeededRandom } from "@quorate/platform/sim";

import { checkWatches } from "../checkers/watch-checker.ts";
import type { Coverage } from "../coverage.ts";
import type { Truth } from "../history/truth.ts";
import { pause, untilServed } from "./pacing.ts";
import { WatchClientMirror } from "./watch-client-mirror.ts";
import { WatchRawMirror, type MirrorHost } from "./watch-raw-mirror.ts";
import { changeMuch, changeWatchedKeys, compactWatched } from "./watch-wish.ts";
import type { Workload, WorkloadWorld } from "./workload.ts";

/** Mirrors of keys that others change, judged by W1 to W11. */
export function createWatchWorkload(random: SeededRandom): Workload {
  return new WatchWorkload(random);
}

class WatchWorkload implements Workload {
  readonly name = "watch";
  readonly #random: SeededRandom;
  #host: MirrorHost | undefined;

  constructor(random: SeededRandom) {
    this.#random = random.split("watch");
  }

  async run(world: WorkloadWorld, signal: AbortSignal): Promise<void> {
    const random = this.#random;
    // Hundreds of watchers on one stream, in some runs (C40, C43), and long values in others.
    const isCrowd = random.chance(0.15);
    const hasLarge = !isCrowd && random.chance(0.2);
    const known = { newest: 1, compacted: 0, hasLarge };
    const host: MirrorHost = { world, known, logs: [], catchUps: [], refusals: [] };
    this.#host = host;
    world.coverage.sometimes("hundreds of watchers on one stream (C40)", isCrowd);
    const rawMirrors = Array.from({ length: random.between(1, 3) }, (_, i) => {
      const name = `raw mirror ${i}`;
      const watchersMax = isCrowd && i === 0 ? random.between(50, 300) : random.between(1, 5);
      return new WatchRawMirror(name, host, world.connect(name), random.split(name), watchersMax);
    });
    const shared = world.connect("mirrors");
    const clientMirrors = Array.from({ length: random.between(1, 4) }, (_, i) => {
      const name = `mirror ${i}`;
      return new WatchClientMirror(name, host, shared, random.split(name));
    });
    const writers = Array.from({ length: random.between(1, 2) }, (_, i) => {
      const name = `writer ${i}`;
      return changeWatchedKeys(world, world.connect(name), random.split(name), signal);
    });
    const compactor = random.chance(0.7)
      ? compactWatched(world.connect("compactor"), random.split("compactor"), known, signal)
      : Promise.resolve();
    if (hasLarge) {
      writers.push(changeMuch(world.connect("large writer"), random.split("large writer"), signal));
    }
    const reader = world.connect("reader");
    const watching = clientMirrors.map((mirror) => mirror.run(signal));
    const all = [...rawMirrors.map((mirror) => mirror.run(signal)), ...writers, compactor];
    await Promise.all([
      ...all,
      ...watching,
      untilAborted(world, signal).then(async () => {
        await Promise.all(all);
        await this.#catchUp(world, reader, [...rawMirrors, ...clientMirrors]);
      }),
    ]);
  }

  judge(truth: Truth, coverage: Coverage): void {
    const host = this.#host;
    if (host === undefined) return;
    const { logs: records, catchUps, refusals } = host;
    checkWatches({ records, catchUps, refusals }, truth, coverage);
  }

  /** W11: once the store serves, every mirror sees all that it holds. */
  async #catchUp(
    world: WorkloadWorld,
    sim: ReturnType<WorkloadWorld["connect"]>,
    mirrors: readonly { catchUp(revision: number): Promise<void> }[],
  ): Promise<void> {
    const read = (): Promise<{ readonly revision: number }> => sim.client.range("w/0");
    const now = await untilServed("read", sim, read, world.nowMillis);
    await Promise.all(mirrors.map((mirror) => mirror.catchUp(now.revision)));
  }
}

function untilAborted({ timers }: WorkloadWorld, signal: AbortSignal): Promise<void> {
  return pause(timers, 2 ** 40, signal);
}
