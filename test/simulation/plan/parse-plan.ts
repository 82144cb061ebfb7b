/** Judges plans that come from outside: what a plan says must be what is then played. */
import { workloadKinds } from "../workloads/create-workload.ts";
import type { LinkFaults } from "../world/peer-network-faults.ts";
import type { FaultKind, FaultPlan } from "./fault-plan.ts";
import type { MachinePlan, Plan, WorkloadPlan } from "./plan.ts";
import * as shape from "./shape.ts";

type Check = shape.Check;
type Limits = Plan["timing"]["limits"];
/** What a kind has beside its name and its time. */
type Details<Kind extends FaultKind> = Omit<
  Extract<FaultPlan, { readonly kind: Kind }>,
  "kind" | "atMillis"
>;

const millis = shape.number(0, 3_600_000);
const probability = shape.number(0, 1);
const count = shape.whole(0, 1_000_000_000);
const size = shape.whole(1, 1_000_000_000_000);
const place = shape.whole(0, 1_000);
const target = shape.either(shape.oneOf(["leader"]), place);
const lasting = { forMillis: millis };
const aimed = { ...lasting, target };
const power = { isPower: shape.boolean, damage: shape.oneOf(["random", "keep-all", "drop-all"]) };

const linkFaults: Check = shape.object({
  delayMinMillis: millis,
  delayMeanMillis: millis,
  spikeProbability: probability,
  spikeMillis: millis,
  dropProbability: probability,
  duplicateProbability: probability,
  reorderProbability: probability,
  bytesPerMilli: shape.optional(shape.number(0.001, 1_000_000_000)),
  snapshotCutProbability: probability,
  snapshotCorruptProbability: probability,
  snapshotPauseMillis: millis,
} satisfies shape.Shape<LinkFaults>);

const details: { readonly [Kind in FaultKind]: shape.Shape<Details<Kind>> } = {
  crash: { ...aimed, ...power },
  "crash-at-effect": {
    ...{ ...aimed, ...power },
    effect: shape.oneOf(["file", "frame", "answer"]),
    countdown: count,
  },
  "crash-all": { ...lasting, ...power },
  restart: aimed,
  pause: aimed,
  isolate: aimed,
  split: { ...lasting, sides: count },
  bridge: { ...aimed, sides: count },
  ring: lasting,
  "one-way": {
    ...aimed,
    other: shape.either(shape.oneOf(["all"]), place),
    direction: shape.oneOf(["to", "from"]),
  },
  swizzle: lasting,
  clog: aimed,
  reset: { target },
  "half-open": { target, direction: shape.oneOf(["to", "from", "both"]) },
  flap: { ...aimed, periodMillis: shape.number(1, 3_600_000) },
  "bad-links": { ...lasting, faults: linkFaults },
  "cut-clients": aimed,
  "reset-clients": { target },
  "half-open-clients": { target },
  "pause-client": { ...lasting, client: count },
  "slow-disk": { ...aimed, maxMillis: millis, isEverything: shape.boolean },
  "sync-error": { ...aimed, countdown: count },
  "name-error": { ...aimed, countdown: count },
  "write-error": { ...aimed, countdown: count, errno: shape.oneOf(["EIO", "ENOSPC"]) },
  "read-error": { ...aimed, countdown: count },
  "lying-sync": { target: place, isElected: shape.boolean },
  "lost-write": { target: place, countdown: count, elsewhere: shape.optional(probability) },
  "read-flip": { target: place, countdown: count, bit: count },
  "full-disk": aimed,
  "bit-flip": { target: place, file: shape.oneOf(["log", "store"]), place: probability },
  wipe: { target },
  "stale-copy": { target: place, backMillis: millis, isElected: shape.boolean },
  "early-flush": { target },
  "clock-jump": { target, millis: shape.number(-1e12, 1e12) },
  transfer: { target },
  "add-member": { isPromoted: shape.boolean },
  "remove-member": { target, isCutOff: shape.boolean },
};

/** All kinds of faults that a plan can hold. */
export const faultKinds: readonly string[] = Object.keys(details);

const fault: Check = shape.variant(
  "kind",
  Object.fromEntries(
    Object.entries(details).map(([kind, fields]) => [
      kind,
      shape.object({ kind: shape.oneOf([kind]), atMillis: millis, ...fields }),
    ]),
  ),
);

const limits: Check = shape.object({
  batchBytesMax: size,
  batchRequestsMax: size,
  proposalsMax: size,
  proposalBytesMax: size,
  readsMax: size,
  stagedBytesMax: size,
  applySliceMillis: millis,
  appendBytesMax: size,
  inflightAppendsMax: size,
  committedBytesMax: size,
  uncommittedBytesMax: size,
} satisfies shape.Shape<Limits>);

const timing: Check = shape.object({
  tickMillis: shape.number(1, 60_000),
  electionTicks: shape.whole(1, 100_000),
  isPreVote: shape.boolean,
  isElectionHastened: shape.boolean,
  requestTimeoutMillis: shape.number(1, 3_600_000),
  snapshotCount: size,
  catchupEntries: count,
  logBytesMax: size,
  warningApplyMillis: millis,
  isStrictReconfigCheck: shape.optional(shape.boolean),
  learnersMax: shape.optional(shape.whole(0, 100)),
  limits,
} satisfies shape.Shape<Plan["timing"]>);

const autoCompaction: Check = shape.variant("mode", {
  off: shape.object({ mode: shape.oneOf(["off"]) }),
  periodic: shape.object({ mode: shape.oneOf(["periodic"]), retentionMillis: millis }),
  revision: shape.object({ mode: shape.oneOf(["revision"]), retentionRevisions: count }),
});

const machine: Check = shape.object({
  segmentBytes: shape.whole(512, 1_000_000_000),
  syncMillis: shape.listOf(millis, { min: 2, max: 2 }),
  commitIntervalMillis: shape.number(0.001, 3_600_000),
  compactionBatchLimit: size,
  compactionPauseMillis: millis,
  watchBatchRevisionsMax: size,
  watchSliceWatchersMax: size,
  watchFanOutWatchersMax: size,
  watchBufferBytes: size,
  writeBufferBytes: size,
  autoCompaction,
  driftMax: shape.number(0, 0.5),
  quotaBytes: shape.whole(0, 1_000_000_000_000),
} satisfies shape.Shape<MachinePlan>);

const workload: Check = shape.object({
  kind: shape.oneOf(workloadKinds),
  name: shape.text(/^.+$/, "a name"),
} satisfies shape.Shape<WorkloadPlan>);

const plan: Check = shape.object({
  seed: shape.text(/^\d{1,20}$/, "a decimal number as a text"),
  members: shape.whole(1, 7),
  timing,
  machine,
  network: linkFaults,
  probeMillis: millis,
  workloads: shape.listOf(workload),
  faults: shape.listOf(fault),
  faultyMillis: millis,
  isCoreHealedAlone: shape.boolean,
  calmMillis: shape.optional(millis),
  silentClients: shape.optional(shape.listOf(shape.text(/^.+$/, "a name"))),
} satisfies shape.Shape<Plan>);

/** A plan that nobody can play; the message says which part of it is wrong. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

/** Takes a value for a plan after looking at each part of it. @throws PlanError */
export function toPlan(value: unknown): Plan {
  const problem = plan(value, "");
  if (problem !== undefined) throw new PlanError(problem);
  return value as Plan;
}
