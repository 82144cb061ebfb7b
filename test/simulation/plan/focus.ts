/** Narrows a plan to one theme: what rarely comes together in a random subset does so there. */
import { SeededRandom } from "@quorate/platform/sim";
import { drawFaults } from "./draw-faults.ts";
import type { FaultKind } from "./fault-plan.ts";
import type { Plan } from "./plan.ts";

/** Themes. */
export const focuses = [
  "membership",
  "elections",
  "outages",
  "reads",
  "snapshots",
  "leases",
  "watches",
  "disks",
  "forgetful",
] as const;

/** One of {@link focuses}. */
export type Focus = (typeof focuses)[number];

interface Theme {
  readonly faults: readonly FaultKind[];
  readonly workloads: readonly string[];
  readonly members: readonly number[];
  /** Mean time between faults. */
  readonly gapMillis: number;
  /** Least time that they last. @default 0 */
  readonly lastMillis?: number;
  /** Length of the safety phase. @default 4 to 15 s */
  readonly faultyMillis?: readonly [number, number];
  readonly change?: (plan: Plan, random: SeededRandom) => Partial<Plan>;
}

const disturbances = ["crash", "crash-at-effect", "isolate", "split", "transfer", "reset"] as const;

const themes: Readonly<Record<Focus, Theme>> = {
  membership: {
    faults: [...disturbances, "pause", "wipe", "add-member", "add-member", "remove-member"],
    workloads: ["register"],
    members: [3, 3, 4, 5],
    gapMillis: 500,
  },
  elections: {
    faults: [...disturbances, "one-way", "bridge", "clog", "bad-links", "slow-disk", "pause"],
    workloads: ["register"],
    members: [3, 5, 5],
    gapMillis: 400,
  },
  outages: {
    faults: ["isolate", "split", "crash-all", "pause", "clog", "slow-disk"],
    workloads: ["register", "transfer"],
    members: [1, 3, 3, 5],
    gapMillis: 3_000,
    lastMillis: 6_000,
    faultyMillis: [20_000, 30_000],
  },
  reads: {
    faults: ["isolate", "split", "bridge", "one-way", "pause", "clog", "bad-links", "transfer"],
    workloads: ["register"],
    members: [3, 5, 5],
    gapMillis: 700,
    change: () => ({ probeMillis: 10 }),
  },
  snapshots: {
    faults: [...disturbances, "pause", "clog", "slow-disk", "bad-links", "crash-all", "restart"],
    workloads: ["register", "watch"],
    members: [3, 3, 5],
    gapMillis: 700,
    change: ({ timing }, random) => ({
      timing: { ...timing, snapshotCount: random.between(5, 20), catchupEntries: 1 },
    }),
  },
  leases: {
    faults: [...disturbances, "pause", "slow-disk", "pause-client", "cut-clients", "clock-jump"],
    workloads: ["lease", "mutex", "election"],
    members: [3, 3, 5],
    gapMillis: 800,
  },
  watches: {
    faults: [...disturbances, "pause", "reset-clients", "cut-clients", "restart", "clog"],
    workloads: ["watch", "registry", "maintenance"],
    members: [1, 3, 3],
    gapMillis: 900,
    change: ({ timing }, random) => ({
      timing: { ...timing, snapshotCount: random.between(10, 40), catchupEntries: 1 },
    }),
  },
  disks: {
    faults: [
      ...(["crash", "crash-at-effect", "crash-at-effect", "crash-all", "restart"] as const),
      ...(["sync-error", "name-error", "early-flush"] as const),
    ],
    workloads: ["register", "lease"],
    members: [1, 1, 3],
    gapMillis: 400,
    change: ({ machine }) => ({ machine: { ...machine, segmentBytes: 4_096 } }),
  },
  // Each takes its time, so there are fewer of them and they have longer.
  forgetful: {
    faults: [
      ...(["stale-copy", "lying-sync", "lost-write", "read-flip", "bit-flip", "bit-flip"] as const),
      ...(["crash", "isolate", "transfer", "crash-at-effect"] as const),
    ],
    workloads: ["register"],
    members: [3, 3, 5],
    gapMillis: 2_500,
    faultyMillis: [20_000, 40_000],
    change: ({ machine }) => ({ machine: { ...machine, segmentBytes: 8_192 } }),
  },
};

/** Narrows a drawn plan to a theme. */
export function focusPlan(plan: Plan, focus: Focus): Plan {
  const theme = themes[focus];
  const random = new SeededRandom(BigInt(plan.seed)).split(`focus ${focus}`);
  const members = random.pick(theme.members);
  const faultyMillis = random.between(...(theme.faultyMillis ?? [4_000, 15_000]));
  const { gapMillis, lastMillis = 0 } = theme;
  const frame = { members, faultyMillis, gapMillis, lastMillis, kinds: theme.faults };
  return {
    ...plan,
    ...theme.change?.(plan, random),
    members,
    faultyMillis,
    faults: drawFaults(random.split("faults"), frame),
    workloads: theme.workloads.map((kind) => ({ kind, name: kind })),
  };
}
