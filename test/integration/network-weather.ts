/** Faults of all kinds at random, several at a time, drawn from one seed (D4, D7). */
import { setTimeout as passing } from "node:timers/promises";
import type { SeededRandom } from "@quorate/platform/sim";
import { between, oneWay, partition, type Link, type Party } from "../support/link-faults.ts";
import type { NetworkCluster } from "./network-cluster.ts";

/** What happened how often. */
export type WeatherReport = ReadonlyMap<string, number>;

/** What a start may take on a machine that many tests share. */
const startMillis = 60_000;

/** Changes the links, and stops and kills members, at random; see {@link Weather.run}. */
export class Weather {
  readonly #cluster: NetworkCluster;
  readonly #random: SeededRandom;
  readonly #counts = new Map<string, number>();
  readonly #pending: Promise<void>[] = [];
  /** Members that something is done with. */
  readonly #busy = new Set<number>();

  /** @param random - Everything is drawn from it. */
  constructor(cluster: NetworkCluster, random: SeededRandom) {
    this.#cluster = cluster;
    this.#random = random;
  }

  /** Lets it storm for a time; afterwards all links are whole and all members run. */
  async run(millis: number): Promise<WeatherReport> {
    const end = performance.now() + millis;
    try {
      while (performance.now() < end) {
        await this.#step();
        // Around election time-outs, where most depends on the moment.
        await passing(50 + this.#random.nextInt(this.#random.nextInt(4) === 0 ? 2_500 : 500));
      }
    } finally {
      this.#cluster.faults.drop([]);
      await Promise.all(this.#pending);
    }
    return this.#counts;
  }

  async #step(): Promise<void> {
    const { faults, indexes } = this.#cluster;
    const kind = this.#pick([
      ...["heal", "heal", "cut", "one-way", "partition", "links", "pause", "pause", "reset"],
      ...["kill", "clients"],
    ]);
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    const one = this.#pick(indexes);
    const rest = indexes.filter((index) => index !== one);
    switch (kind) {
      case "heal":
        faults.drop([]);
        break;
      case "cut":
        faults.drop(between([one], rest));
        break;
      case "one-way":
        faults.drop(this.#isHeads() ? oneWay([one], rest) : oneWay(rest, [one]));
        break;
      case "partition":
        faults.drop(this.#groups());
        break;
      case "links":
        faults.drop(this.#someLinks());
        break;
      case "clients":
        faults.drop(this.#isHeads() ? oneWay([one], ["clients"]) : oneWay(["clients"], [one]));
        break;
      case "reset":
        for (const other of rest) faults.reset(one, other);
        break;
      case "pause":
        this.#later(one, () => this.#pause(one));
        break;
      case "kill":
        this.#later(one, () => this.#restart(one));
        break;
    }
    await Promise.resolve();
  }

  #groups(): readonly Link[] {
    const groups: Party[][] = [[], [], []];
    for (const index of this.#cluster.indexes) groups[this.#random.nextInt(3)]?.push(index);
    return partition(...groups);
  }

  #someLinks(): readonly Link[] {
    const { indexes } = this.#cluster;
    const all = partition(...indexes.map((index) => [index]));
    return all.filter(() => this.#random.nextInt(3) === 0);
  }

  #isHeads(): boolean {
    return this.#random.nextInt(2) === 0;
  }

  #pick<T>(all: readonly T[]): T {
    const picked = all[this.#random.nextInt(all.length)];
    if (picked === undefined) throw new Error("Cannot pick from nothing");
    return picked;
  }

  /** Does something with a member that takes time, unless that is under way already. */
  #later(index: number, act: () => Promise<void>): void {
    if (this.#busy.has(index)) return;
    this.#busy.add(index);
    const done = act().finally(() => this.#busy.delete(index));
    // Whoever waits for all of it at the end is told.
    done.catch(() => undefined);
    this.#pending.push(done);
  }

  async #pause(index: number): Promise<void> {
    const member = this.#cluster.member(index);
    const millis = 20 + this.#random.nextInt(this.#random.nextInt(3) === 0 ? 4_000 : 400);
    member.pause();
    try {
      await passing(millis);
    } finally {
      member.resume();
    }
  }

  async #restart(index: number): Promise<void> {
    const member = this.#cluster.member(index);
    await member.kill();
    member.launch();
    // It is ready only when it has found a majority, which may be cut off.
    await member.logged(/opened data directory/, startMillis);
  }
}
