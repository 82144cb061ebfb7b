/**
 * Puts questions to the peers in turns: A B A B, so that both see the same weather of the machine.
 */
import { mkdir } from "node:fs/promises";

import { storeMissing, type StoreKind } from "../support/store.ts";
import { checked } from "./load/h2load-check.ts";
import { hasH2load, runH2load, type H2loadResult } from "./load/h2load.ts";
import { LoadGenerator } from "./load/load-generator.ts";
import type { LoadBound, LoadSpec } from "./load/load-spec.ts";
import type { BenchOptions } from "./options.ts";
import type { Peer, Usage } from "./peer.ts";
import { PeerPool } from "./peer-pool.ts";
import type { Question, Sample, Workbench } from "./question.ts";
import type { PlacedSample } from "./summary.ts";

/** How much longer the first warm-up is than those before later repetitions. */
const firstWarmupFactor = 8;

/** A load by fewer callers is warmed up by so many. */
const warmupCallers = 100;
const warmupConnections = 10;

/** Where a run tells how far it is. */
export type Progress = (line: string) => void;

/** What a run needs from its owner. */
export interface BenchDependencies {
  readonly progress: Progress;
  /** For `--profile`. */
  readonly profileFolder: string;
}

/** What a run found. */
export interface BenchResult {
  readonly samples: readonly PlacedSample[];
  /** Questions that could not be measured, and why. */
  readonly failures: readonly string[];
}

/**
 * Measures questions, one after the other.
 *
 * @throws Error when a peer is not installed.
 */
export async function runBench(
  questions: readonly Question[],
  options: BenchOptions,
  { progress, profileFolder }: BenchDependencies,
): Promise<BenchResult> {
  const kinds: readonly StoreKind[] = options.versus === "etcd" ? ["etcd", "quorate"] : ["quorate"];
  for (const kind of kinds) {
    const reason = storeMissing(kind);
    if (reason !== false) throw new Error(`Cannot measure ${kind}: ${reason}`);
  }
  const generators = { generator: new LoadGenerator(), canary: new LoadGenerator() };
  const pool = new PeerPool(options.isQuick && !options.isProfiled);
  const samples: PlacedSample[] = [];
  const failures: string[] = [];
  try {
    for (const question of questions) {
      for (const members of question.members) {
        if (options.members.length > 0 && !options.members.includes(members)) continue;
        const folder = options.isProfiled
          ? `${profileFolder}/${question.name}-${members}`
          : undefined;
        if (folder !== undefined) await mkdir(folder, { recursive: true });
        progress(`${question.name}, ${members === 1 ? "1 member" : `${members} members`}`);
        const run = new QuestionRun(question, {
          members,
          kinds,
          options,
          pool,
          profileFolder: folder,
        });
        try {
          samples.push(...(await run.measure(generators, progress)));
        } catch (error) {
          // The rows of an hour are not to be lost for one that cannot be measured.
          const reason = error instanceof Error ? error.message : String(error);
          failures.push(`${question.name}, ${members}: ${reason}`);
          progress(`  Cannot measure ${question.name}: ${reason}`);
        }
      }
    }
  } finally {
    generators.generator.close();
    generators.canary.close();
    await pool.close();
  }
  return { samples, failures };
}

type Generators = Pick<Workbench, "generator" | "canary">;

interface QuestionRunOptions {
  readonly members: number;
  readonly kinds: readonly StoreKind[];
  readonly options: BenchOptions;
  readonly pool: PeerPool;
  readonly profileFolder: string | undefined;
}

/** One question to clusters of one size. */
class QuestionRun {
  readonly #question: Question;
  readonly #options: QuestionRunOptions;

  constructor(question: Question, options: QuestionRunOptions) {
    this.#question = question;
    this.#options = options;
  }

  async measure(generators: Generators, progress: Progress): Promise<readonly PlacedSample[]> {
    const question = this.#question;
    const { kinds, members, options, pool } = this.#options;
    const workbench = createWorkbench(generators, options);
    const repetitions = Math.min(
      options.repeat,
      question.repetitionsMax ?? Number.POSITIVE_INFINITY,
    );
    const peers = new Map<StoreKind, Peer>();
    const samples: PlacedSample[] = [];
    try {
      for (let repetition = 0; repetition < repetitions; repetition += 1) {
        for (const kind of kinds) {
          const peer = peers.get(kind) ?? (await this.#start(workbench, kind));
          peers.set(kind, peer);
          for (const sample of await question.measure(workbench, peer)) {
            samples.push({ ...sample, peer: kind, members, repetition });
            progress(progressLine(kind, repetition, repetitions, sample));
          }
          if (question.needsEmptyPeer === true) {
            peers.delete(kind);
            await pool.giveBack(peer);
          }
        }
      }
    } finally {
      await Promise.all([...peers.values()].map((peer) => pool.giveBack(peer)));
    }
    return samples;
  }

  async #start(workbench: Workbench, kind: StoreKind): Promise<Peer> {
    const { members, pool, profileFolder } = this.#options;
    const peer = await pool.take({ kind, members, profileFolder });
    await this.#question.prepare?.(workbench, peer);
    return peer;
  }
}

function createWorkbench(generators: Generators, options: BenchOptions): Workbench {
  const { scale } = options;
  const { generator } = generators;
  const bound: LoadBound = {
    seconds: scale.seconds,
    ...(scale.operations === undefined ? {} : { operations: scale.operations }),
  };
  const warmed = new Set<string>();
  // A peer that meets a load for the first time compiles its code for it.
  const warmup = <L extends LoadSpec>(peer: Peer, row: string, client: string, spec: L): L => {
    const name = `${peer.kind} ${row} ${client}`;
    const seconds = scale.warmupSeconds * (warmed.has(name) ? 1 : firstWarmupFactor);
    warmed.add(name);
    const warming = { ...spec, bound: { ...bound, seconds } };
    // One caller alone makes so few calls that seconds of it leave the code uncompiled.
    if (warming.kind !== "closed" || warming.callers >= warmupCallers) return warming;
    return { ...warming, callers: warmupCallers, connections: warmupConnections };
  };
  const measure: Workbench["measure"] = async (peer, row, unit, spec) => {
    await generator.run(warmup(peer, row, "raw", spec));
    const { result, usage } = await peer.measure(`${row}-raw`, () => generator.run(spec));
    return { row, unit, client: "raw", usage, ...result };
  };
  return {
    ...generators,
    scale,
    bound,
    memory: new Map(),
    measure,
    measureWithBoth: async (peer, row, unit, spec) => {
      if (!hasH2load || !options.hasH2load) return [await measure(peer, row, unit, spec)];
      await runH2load(warmup(peer, row, "h2load", spec));
      const work = (): Promise<H2loadResult> => runH2load(spec);
      let usage: Usage | undefined;
      const {
        started: _started,
        processes,
        ...result
      } = await checked(spec, async () => {
        const measured = await peer.measure(`${row}-h2load`, work);
        usage = measured.usage;
        return measured.result;
      });
      const client = "h2load";
      const own = { row, unit, client, usage, ...result, generatorProcesses: processes };
      return [own, await measure(peer, row, unit, spec)];
    },
  };
}

function progressLine(
  kind: StoreKind,
  repetition: number,
  repetitions: number,
  { row, client, operations, seconds, failures }: Sample,
): string {
  const rate = Math.round(operations / seconds).toLocaleString("en-US");
  const failed = failures === 0 ? "" : `, ${failures} failed`;
  const turn = `${repetition + 1}/${repetitions}`;
  return `  ${turn} ${kind} ${row} (${client}): ${rate}/s in ${seconds.toFixed(2)} s${failed}`;
}
