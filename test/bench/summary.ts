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

/** All repetitions of a row at one peer. */
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
  readonly residentBytesMax: number;
  readonly loopDelayMillis: number;
  readonly diskBytes: number;
  readonly generatorShare: number;
  readonly failures: number;
}

/** One row of the table, for one size of cluster and one client. */
export interface RowSummary {
  readonly row: string;
  readonly unit: string;
  readonly members: number;
  readonly client: string;
  readonly peers: readonly PeerSummary[];
  /** Quorate's rate by etcd's, pair by pair of neighbouring samples; undefined without etcd. */
  readonly ratio: Spread | undefined;
  /** Quorate's processor time for an operation by etcd's. */
  readonly cpuRatio: Spread | undefined;
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
      ratio: ratioOf(group, rateOf),
      cpuRatio: ratioOf(group, cpuOf),
    };
  });
}

function summarizePeer(peer: StoreKind, samples: readonly Sample[]): PeerSummary {
  const over = (value: (sample: Sample) => number | undefined): number =>
    median(samples.flatMap((sample) => value(sample) ?? []));
  return {
    peer,
    rate: spreadOf(samples.map(rateOf)),
    p50Millis: over(({ latencies }) => latencies?.p50),
    p99Millis: over(({ latencies }) => latencies?.p99),
    p999Millis: over(({ latencies }) => latencies?.p999),
    cpuMicrosPerOperation: over(cpuOf),
    residentBytes: over(({ usage }) => usage?.residentBytes),
    residentBytesMax: Math.max(...samples.map(({ usage }) => usage?.residentBytesMax ?? 0)),
    loopDelayMillis: 1_000 * over(({ usage }) => usage?.loopDelaySeconds),
    diskBytes: over(({ diskBytes }) => diskBytes),
    generatorShare: over(({ generatorShare }) => generatorShare),
    failures: samples.reduce((sum, { failures }) => sum + failures, 0),
  };
}

function rateOf({ operations, seconds }: Sample): number {
  return operations / seconds;
}

function cpuOf({ operations, usage }: Sample): number {
  return usage === undefined ? Number.NaN : (usage.cpuSeconds * 1e6) / operations;
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
