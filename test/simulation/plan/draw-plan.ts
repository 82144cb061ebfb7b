/** Draws a plan from a seed: first what exists at all (D7), then how much of it, then when. */
import { SeededRandom } from "@quorate/platform/sim";
import {
  defaultMemberLimits,
  type AutoCompaction,
  type MemberLimits,
} from "@quorate/server/member";
import { calmFaults, drawLinkFaults, type LinkFaults } from "../world/peer-network-faults.ts";
import { workloadKinds } from "../workloads/create-workload.ts";
import { drawFaults } from "./draw-faults.ts";
import { focuses, focusPlan, type Focus } from "./focus.ts";
import type { MachinePlan, Plan, WorkloadPlan } from "./plan.ts";

/**
 * The plan of a seed. The same seed gives the same plan on the same code.
 *
 * @param focus - Its theme; without it one seed in five has one.
 */
export function drawPlan(seed: bigint, focus?: Focus): Plan {
  const random = new SeededRandom(seed).split("focus");
  const theme = focus ?? (random.chance(0.2) ? random.pick(focuses) : undefined);
  const plan = drawBroadPlan(seed);
  return theme === undefined ? plan : focusPlan(plan, theme);
}

function drawBroadPlan(seed: bigint): Plan {
  const root = new SeededRandom(seed);
  const random = root.split("plan");
  const members = random.pick([1, 2, 3, 3, 3, 3, 3, 4, 5, 5, 7]);
  const isLong = random.chance(0.1);
  const faultyMillis = isLong ? random.between(12_000, 40_000) : random.between(2_000, 12_000);
  const network = drawNetwork(root.split("network plan"));
  return {
    seed: seed.toString(),
    members,
    timing: drawTiming(root.split("timing"), network),
    machine: drawMachine(root.split("machine plan")),
    network,
    probeMillis: random.pick([0, 0, 30, 100, 300]),
    workloads: drawWorkloads(root.split("workloads")),
    faults: drawFaults(root.split("faults"), { members, faultyMillis }),
    faultyMillis,
    isCoreHealedAlone: random.chance(0.4),
  };
}

function drawTiming(random: SeededRandom, network: LinkFaults): Plan["timing"] {
  const tickMillis = random.pick([50, 100, 100, 100, 200]);
  // Elections end only where a round of votes fits into an election time-out (thesis §3.9).
  const { delayMinMillis, delayMeanMillis } = network;
  const roundMillis = 8 * (delayMinMillis + delayMeanMillis) + 100;
  const electionTicks = Math.max(random.pick([5, 10, 10]), Math.ceil(roundMillis / tickMillis));
  const isSnapshotEager = random.chance(0.5);
  return {
    tickMillis,
    electionTicks,
    isPreVote: random.chance(0.85),
    isElectionHastened: random.chance(0.5),
    requestTimeoutMillis: 5_000 + 2 * electionTicks * tickMillis,
    snapshotCount: isSnapshotEager ? random.between(10, 100) : 10_000,
    catchupEntries: isSnapshotEager ? random.pick([1, 5, 20]) : 5_000,
    logBytesMax: random.chance(0.9) ? 64 * 1024 * 1024 : 8_192,
    warningApplyMillis: 100,
    limits: drawLimits(random.split("limits")),
  };
}

/** Tiny bounds reach what large ones hide (D6). */
function drawLimits(random: SeededRandom): MemberLimits {
  const rarely = (value: number, tiny: readonly number[]): number =>
    random.chance(0.2) ? random.pick(tiny) : value;
  const limits = defaultMemberLimits;
  return {
    batchBytesMax: rarely(limits.batchBytesMax, [1, 500]),
    batchRequestsMax: rarely(limits.batchRequestsMax, [1, 3]),
    proposalsMax: rarely(limits.proposalsMax, [20]),
    proposalBytesMax: limits.proposalBytesMax,
    readsMax: rarely(limits.readsMax, [20]),
    stagedBytesMax: rarely(limits.stagedBytesMax, [2_000]),
    applySliceMillis: rarely(limits.applySliceMillis, [0]),
    appendBytesMax: rarely(limits.appendBytesMax, [1, 300]),
    inflightAppendsMax: rarely(limits.inflightAppendsMax, [1, 2]),
    committedBytesMax: rarely(limits.committedBytesMax, [1, 300]),
    uncommittedBytesMax: rarely(limits.uncommittedBytesMax, [1_000]),
  };
}

function drawMachine(random: SeededRandom): MachinePlan {
  return {
    segmentBytes: random.pick([4_096, 8_192, 32_768, 262_144]),
    syncMillis: random.pick([
      [0, 0],
      [0, 2],
      [0, 2],
      [1, 10],
      [5, 50],
    ] as const),
    commitIntervalMillis: random.pick([1, 20, 100, 500]),
    compactionBatchLimit: random.pick([1, 3, 10, 1_000]),
    compactionPauseMillis: random.pick([0, 10, 10]),
    watchBatchRevisionsMax: random.pick([1, 10, 1_000]),
    watchSliceWatchersMax: random.pick([1, 5, 512]),
    watchFanOutWatchersMax: random.pick([1, 5, 1_000]),
    watchBufferBytes: random.pick([1, 500, 1024 * 1024]),
    writeBufferBytes: random.pick([1, 2_000, 256 * 1024]),
    autoCompaction: drawAutoCompaction(random),
    driftMax: random.chance(0.3) ? 0.05 : 0,
    // A store that is full stays so until somebody compacts it: see test/integration/disk-full.
    quotaBytes: 0,
  };
}

function drawAutoCompaction(random: SeededRandom): AutoCompaction {
  if (!random.chance(0.3)) return { mode: "off" };
  return { mode: "periodic", retentionMillis: random.pick([2_000, 10_000]) };
}

function drawNetwork(random: SeededRandom): LinkFaults {
  if (random.chance(0.25)) return drawLinkFaults(random);
  return { ...calmFaults, delayMeanMillis: random.pick([0.2, 0.4, 2, 10]) };
}

function drawWorkloads(random: SeededRandom): readonly WorkloadPlan[] {
  const wanted = workloadKinds.filter((kind) => kind === "register" || random.chance(0.4));
  return wanted.map((kind) => ({ kind, name: kind }));
}
