/** The plan in which nothing is special; what a plan says beyond it is what it is about. */
import { defaultMemberLimits } from "@quorate/server/member";
import { calmFaults } from "../world/peer-network-faults.ts";
import type { MachinePlan, Plan } from "./plan.ts";

/** Times and sizes as they are by default. */
export const plainTiming: Plan["timing"] = {
  tickMillis: 100,
  electionTicks: 10,
  isPreVote: true,
  isElectionHastened: true,
  requestTimeoutMillis: 7_000,
  snapshotCount: 10_000,
  catchupEntries: 5_000,
  logBytesMax: 64 * 1024 * 1024,
  warningApplyMillis: 100,
  limits: defaultMemberLimits,
};

/** Machines with good disks and clocks, and with buffers that nobody fills. */
const plainMachine: MachinePlan = {
  segmentBytes: 262_144,
  syncMillis: [0, 2],
  commitIntervalMillis: 20,
  compactionBatchLimit: 1_000,
  compactionPauseMillis: 10,
  watchBatchRevisionsMax: 1_000,
  watchSliceWatchersMax: 512,
  watchFanOutWatchersMax: 1_000,
  watchBufferBytes: 1024 * 1024,
  writeBufferBytes: 256 * 1024,
  autoCompaction: { mode: "off" },
  driftMax: 0,
  quotaBytes: 0,
};

/** Groups of settings as they are when nothing is special. */
export const plainSettings: Pick<
  Plan,
  "timing" | "machine" | "network" | "probeMillis" | "isCoreHealedAlone"
> = {
  timing: plainTiming,
  machine: plainMachine,
  network: calmFaults,
  probeMillis: 0,
  isCoreHealedAlone: false,
};

/** A setting that is not plain, as `machine.segmentBytes`, and its value. */
export type SpecialSetting = readonly [name: string, value: unknown];

/** The settings of a plan that are not plain. */
export function specialSettings(plan: Plan): readonly SpecialSetting[] {
  const special: SpecialSetting[] = [];
  const compare = (name: string, value: unknown, plain: unknown): void => {
    if (isSame(value, plain)) return;
    const isGroup = typeof plain === "object" && plain !== null && !Array.isArray(plain);
    if (!isGroup || "mode" in plain || typeof value !== "object" || value === null) {
      special.push([name, value]);
      return;
    }
    for (const [field, own] of Object.entries(value)) {
      compare(`${name}.${field}`, own, Reflect.get(plain, field));
    }
  };
  for (const [name, plain] of Object.entries(plainSettings)) {
    compare(name, Reflect.get(plan, name), plain);
  }
  return special;
}

/** Whether two parts of plans say the same. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
