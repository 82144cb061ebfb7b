/** Sums up the samples of a row and compares the peers. */
import type { StoreKind } from "../support/store.ts";
import type { Sample } from "./question.ts";
import { median, spreadOf, type Spread } from "./statistics.ts";

/** One sample with its place in the run. */
export interface PlacedSample extends Sample {
  readonly peer: StoreKind;
  readonly members: number;
  /** From 0; samples of both peers with one number were measured one after the other. */
  readonly repetition: number;
}

/** All repetitions of a row at one peer: medians, where it does not say otherwise. */
export interface PeerSummary {
  readonly peer: StoreKind;
  /** Operations in a second. */
  readonly rate: Spread;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly p999Millis: number;
  /** Processor time of all members for one operation. */
  readonly cpuMicrosPerOperation: number;
  readonly residentBytes: number;
  /** The most of all repetitions. */
  readonly residentBytesMax: number;
  /** Delay of the event loop at the 99th percentile; NaN of etcd, as the next. */
  readonly loopDelayP99Millis: number;
  /** The longest of all repetitions. */
  readonly loopDelayMaxMillis: number;
  /** How much of the time Quorate's event loop waited for a processor; NaN of etcd. */
  readonly waitShare: number;
  readonly diskBytes: number;
  readonly generatorMicrosPerOperation: number;
  /** Share of the processors that the generator could use: near 1 it was the bottleneck. */
  readonly generatorShare: number;
  readonly failures: number;
  readonly details: Readonly<Record<string, number>>;
}

/** Quorate by etcd, pair by pair of neighbouring samples; undefined where either has none. */
export interface Ratios {
  readonly rate: Spread | undefined;
  /** Of the processor time for an operation. */
  readonly cpu: Spread | undefined;
  readonly p99: Spread | undefined;
  /** Of the most memory that was resident at one time. */
  readonly peak: Spread | undefined;
}

/** One row of the table, for one size of cluster and one client. */
export interface RowSummary {
  readonly row: string;
  readonly unit: string;
  readonly members: number;
  readonly client: string;
  readonly peers: readonly PeerSummary[];
  readonly ratios: Ratios;
}

/** Groups samples into rows, in the order of their first sample. */
export function summarize(samples: readonly PlacedSample[]): readonly RowSummary[] {
  const groups = new Map<string, PlacedSample[]>();
  for (const sample of samples) {
    const key = JSON.stringify([sample.row, sample.members, sample.client]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sample]);
    else group.push(sample);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { row, unit, members, client } = first;
    const kinds = [...new Set(group.map(({ peer }) => peer))];
    return {
      row,
      unit,
      members,
      client,
      peers: kinds.map((peer) =>
        summarizePeer(
          peer,
          group.filter((sample) => sample.peer === peer),
        ),
      ),
      ratios: {
        rate: ratioOf(group, rateOf),
        cpu: ratioOf(group, cpuOf),
        p99: ratioOf(group, ({ latencies }) => latencies?.p99 ?? Number.NaN),
        peak: ratioOf(group, ({ usage }) => usage?.residentBytesMax ?? Number.NaN),
      },
    };
  });
}

function summarizePeer(peer: StoreKind, samples: readonly Sample[]): PeerSummary {
  const over = (value: (sample: Sample) => number | undefined): number =>
    median(samples.flatMap((sample) => value(sample) ?? []));
  const most = (value: (sample: Sample) => number | undefined): number => {
    const values = samples.flatMap((sample) => value(sample) ?? []);
    return values.length === 0 ? Number.NaN : Math.max(...values);
  };
  const names = new Set(samples.flatMap(({ details }) => Object.keys(details ?? {})));
  return {
    peer,
    rate: spreadOf(samples.map(rateOf)),
    p50Millis: over(({ latencies }) => latencies?.p50),
    p99Millis: over(({ latencies }) => latencies?.p99),
    p999Millis: over(({ latencies }) => latencies?.p999),
    cpuMicrosPerOperation: over(cpuOf),
    residentBytes: over(({ usage }) => usage?.residentBytes),
    residentBytesMax: most(({ usage }) => usage?.residentBytesMax),
    loopDelayP99Millis: over(({ usage }) => usage?.loop?.delayP99Millis),
    loopDelayMaxMillis: most(({ usage }) => usage?.loop?.delayMaxMillis),
    waitShare: over(({ usage }) => usage?.waitShare),
    diskBytes: over(({ diskBytes }) => diskBytes),
    generatorMicrosPerOperation: over(({ generatorCpuSeconds, operations }) =>
      generatorCpuSeconds === undefined || operations === 0
        ? undefined
        : (generatorCpuSeconds * 1e6) / operations,
    ),
    generatorShare: over(generatorShareOf),
    failures: samples.reduce((sum, { failures }) => sum + failures, 0),
    details: Object.fromEntries(
      [...names].map((name) => [name, over(({ details }) => details?.[name])]),
    ),
  };
}

function rateOf({ operations, seconds }: Sample): number {
  return operations === 0 ? 0 : operations / seconds;
}

function cpuOf({ operations, servedOperations = operations, usage }: Sample): number {
  if (usage === undefined || servedOperations === 0) return Number.NaN;
  return (usage.cpuSeconds * 1e6) / servedOperations;
}

function generatorShareOf(sample: Sample): number | undefined {
  const { generatorCpuSeconds, generatorProcesses = 1, seconds } = sample;
  if (generatorCpuSeconds === undefined || seconds === 0) return undefined;
  return generatorCpuSeconds / seconds / generatorProcesses;
}

/** Neighbours saw the same weather of a shared machine, so only they are compared. */
function ratioOf(
  samples: readonly PlacedSample[],
  value: (sample: Sample) => number,
): Spread | undefined {
  const ratios = samples
    .filter(({ peer }) => peer === "quorate")
    .flatMap((own) => {
      const model = samples.find(
        ({ peer, repetition }) => peer === "etcd" && repetition === own.repetition,
      );
      const ratio = model === undefined ? Number.NaN : value(own) / value(model);
      return Number.isFinite(ratio) ? [ratio] : [];
    });
  return ratios.length === 0 ? undefined : spreadOf(ratios);
}
