/** What a directed path between two machines does to what is sent on it (D4). */
import type { SeededRandom } from "@quorate/platform/sim";

/** Faults of one directed path. Probabilities are per frame, of snapshots per piece. */
export interface LinkFaults {
  /** Least time on the way. */
  readonly delayMinMillis: number;
  /** Mean of the exponential part on top of the least. */
  readonly delayMeanMillis: number;
  /** How often a frame takes `spikeMillis` longer. */
  readonly spikeProbability: number;
  readonly spikeMillis: number;
  /** Raft frames alone: 0 to 0.3. */
  readonly dropProbability: number;
  /** Raft frames alone: 0 to 0.5. */
  readonly duplicateProbability: number;
  /** Raft frames alone: how often one may overtake and be overtaken. */
  readonly reorderProbability: number;
  /** Bandwidth; undefined for none that matters. */
  readonly bytesPerMilli: number | undefined;
  /** The stream breaks before a piece. */
  readonly snapshotCutProbability: number;
  /** A bit of the piece is turned over. */
  readonly snapshotCorruptProbability: number;
  /** Longest pause before a piece. */
  readonly snapshotPauseMillis: number;
}

/** A good local network. */
export const calmFaults: LinkFaults = {
  delayMinMillis: 0.1,
  delayMeanMillis: 0.4,
  spikeProbability: 0,
  spikeMillis: 0,
  dropProbability: 0,
  duplicateProbability: 0,
  reorderProbability: 0,
  bytesPerMilli: undefined,
  snapshotCutProbability: 0,
  snapshotCorruptProbability: 0,
  snapshotPauseMillis: 2,
};

/** Draws a subset of the faults and their rates: random subsets find more than all of them (D7). */
export function drawLinkFaults(random: SeededRandom): LinkFaults {
  const maybe = (probability: number): number =>
    random.chance(0.5) ? random.nextFloat() * probability : 0;
  return {
    delayMinMillis: random.nextFloat() * random.pick([0.5, 2, 10]),
    delayMeanMillis: random.nextFloat() * random.pick([1, 5, 50]),
    spikeProbability: maybe(0.02),
    spikeMillis: random.between(10, 2_000),
    dropProbability: maybe(0.3),
    duplicateProbability: maybe(0.5),
    reorderProbability: maybe(0.5),
    bytesPerMilli: random.chance(0.2) ? random.between(100, 10_000) : undefined,
    snapshotCutProbability: maybe(0.2),
    snapshotCorruptProbability: maybe(0.2),
    snapshotPauseMillis: random.chance(0.3) ? random.between(10, 1_000) : 5,
  };
}

/** What a path does that suffers from several faults: the worst of each. */
export function worstFaults(all: readonly LinkFaults[]): LinkFaults {
  const most = (name: Exclude<keyof LinkFaults, "bytesPerMilli">): number =>
    Math.max(...all.map((faults) => faults[name]));
  const bytesPerMilli = Math.min(...all.map((faults) => faults.bytesPerMilli ?? Infinity));
  return {
    delayMinMillis: most("delayMinMillis"),
    delayMeanMillis: most("delayMeanMillis"),
    spikeProbability: most("spikeProbability"),
    spikeMillis: most("spikeMillis"),
    dropProbability: most("dropProbability"),
    duplicateProbability: most("duplicateProbability"),
    reorderProbability: most("reorderProbability"),
    bytesPerMilli: bytesPerMilli === Infinity ? undefined : bytesPerMilli,
    snapshotCutProbability: most("snapshotCutProbability"),
    snapshotCorruptProbability: most("snapshotCorruptProbability"),
    snapshotPauseMillis: most("snapshotPauseMillis"),
  };
}

/** Draws the time on the way for a frame. */
export function drawDelay(faults: LinkFaults, bytes: number, random: SeededRandom): number {
  const spread = -Math.log(1 - random.nextFloat()) * faults.delayMeanMillis;
  const { bytesPerMilli, spikeProbability } = faults;
  const transfer = bytesPerMilli === undefined ? 0 : bytes / bytesPerMilli;
  const spike = spikeProbability > 0 && random.chance(spikeProbability) ? faults.spikeMillis : 0;
  return faults.delayMinMillis + spread + transfer + spike;
}
