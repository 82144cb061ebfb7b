import type { SeededRandom } from "@quorate/platform/sim";
import { drawLinkFaults } from "../world/peer-network-faults.ts";
import type { Damage, FaultKind, FaultPlan, Target } from "./fault-plan.ts";

/** What the faults of a plan must fit into. */
export interface FaultFrame {
  readonly members: number;
  readonly faultyMillis: number;
  /** Mean time between two faults. @default drawn */
  readonly gapMillis?: number;
  /** Least time that a fault lasts. @default 0 */
  readonly lastMillis?: number;
  /** Kinds to take from, more often named ones more often. @default drawn */
  readonly kinds?: readonly FaultKind[];
}

/** Draws the faults of a plan, in order of time. */
export function drawFaults(random: SeededRandom, frame: FaultFrame): readonly FaultPlan[] {
  const kinds = frame.kinds?.filter((kind) => canBe(kind, frame)) ?? drawKinds(random, frame);
  if (kinds.length === 0) return [];
  const gapMillis = frame.gapMillis ?? random.pick([300, 1_000, 1_000, 3_000]);
  const faults: FaultPlan[] = [];
  for (let atMillis = random.nextInt(gapMillis * 2); atMillis < frame.faultyMillis;) {
    faults.push(drawFault(random, random.pick(kinds), atMillis, frame));
    atMillis += 1 + random.nextInt(gapMillis * 2);
  }
  return faults;
}

/** Which kinds exist in this run, and how often each is taken compared with the others. */
function drawKinds(random: SeededRandom, frame: FaultFrame): readonly FaultKind[] {
  const share = random.pick([0, 0.15, 0.3, 0.3, 0.5, 0.8]);
  const kinds: FaultKind[] = [];
  for (const [kind, weight] of weights) {
    if (!canBe(kind, frame)) continue;
    if (!random.chance(share)) continue;
    for (let count = 0; count < weight; count += 1) kinds.push(kind);
  }
  return kinds;
}

function canBe(kind: FaultKind, { members }: FaultFrame): boolean {
  return members >= (needsMajority.has(kind) ? 3 : needsOthers.has(kind) ? 2 : 1);
}

const weights: readonly (readonly [FaultKind, number])[] = [
  ["crash", 4],
  ["crash-at-effect", 6],
  ["crash-all", 1],
  ["restart", 2],
  ["pause", 3],
  ["isolate", 3],
  ["split", 2],
  ["bridge", 1],
  ["ring", 1],
  ["one-way", 3],
  ["swizzle", 1],
  ["clog", 2],
  ["reset", 3],
  ["half-open", 2],
  ["flap", 1],
  ["bad-links", 2],
  ["cut-clients", 2],
  ["reset-clients", 3],
  ["half-open-clients", 2],
  ["pause-client", 3],
  ["slow-disk", 2],
  ["sync-error", 2],
  ["name-error", 2],
  ["write-error", 2],
  ["read-error", 1],
  ["lying-sync", 1],
  ["lost-write", 1],
  ["read-flip", 1],
  ["full-disk", 1],
  ["bit-flip", 1],
  ["wipe", 1],
  ["stale-copy", 1],
  ["early-flush", 2],
  ["clock-jump", 2],
  ["transfer", 3],
  ["add-member", 2],
  ["remove-member", 2],
];

const needsOthers: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "isolate",
  "split",
  "one-way",
  "swizzle",
  "clog",
  "reset",
  "half-open",
  "flap",
  "transfer",
]);

/** Fewer would not go on without one, or have no two sides with somebody in between. */
const needsMajority: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "bridge",
  "ring",
  "bit-flip",
  "lying-sync",
  "lost-write",
  "read-flip",
  "stale-copy",
  "wipe",
  "remove-member",
]);

function drawFault(
  random: SeededRandom,
  kind: FaultKind,
  atMillis: number,
  frame: FaultFrame,
): FaultPlan {
  const target = drawTarget(random, frame);
  const lasting = { atMillis, forMillis: (frame.lastMillis ?? 0) + drawDuration(random), target };
  const power = { isPower: random.chance(0.7), damage: drawDamage(random) };
  // Both sides have somebody.
  const divided = frame.members - (kind === "bridge" ? 1 : 0);
  const sides = random.between(1, Math.max(1, 2 ** divided - 2));
  switch (kind) {
    case "crash":
      return { kind, ...lasting, ...power };
    case "crash-at-effect":
      return {
        ...{ kind, ...lasting, ...power },
        effect: random.pick(["file", "file", "frame", "answer"] as const),
        countdown: random.nextInt(random.pick([5, 50, 300])),
      };
    case "crash-all":
      return { kind, atMillis, forMillis: random.between(50, 3_000), ...power };
    case "restart":
    case "pause":
    case "isolate":
    case "clog":
    case "cut-clients":
    case "full-disk":
      return { kind, ...lasting };
    case "split":
      return { kind, atMillis, forMillis: lasting.forMillis, sides };
    case "bridge":
      return { kind, ...lasting, sides };
    case "ring":
    case "swizzle":
      return { kind, atMillis, forMillis: lasting.forMillis };
    case "one-way":
      return {
        ...{ kind, ...lasting },
        other: random.chance(0.5) ? "all" : random.nextInt(frame.members),
        direction: random.pick(["to", "from"] as const),
      };
    case "flap":
      return { kind, ...lasting, periodMillis: random.pick([100, 400, 1_500]) };
    case "bad-links":
      return {
        ...{ kind, atMillis, forMillis: lasting.forMillis },
        faults: drawLinkFaults(random),
      };
    default:
      return drawOther(random, kind, lasting, frame);
  }
}

type OtherKind = Exclude<
  FaultKind,
  | ("crash" | "crash-at-effect" | "crash-all" | "restart" | "pause" | "isolate" | "clog")
  | ("cut-clients" | "full-disk" | "split" | "bridge" | "ring")
  | ("swizzle" | "one-way" | "flap" | "bad-links")
>;

function drawOther(
  random: SeededRandom,
  kind: OtherKind,
  lasting: { readonly atMillis: number; readonly forMillis: number; readonly target: Target },
  frame: FaultFrame,
): FaultPlan {
  const { atMillis, forMillis, target } = lasting;
  const countdown = random.nextInt(random.pick([3, 30, 200]));
  switch (kind) {
    case "reset":
    case "reset-clients":
    case "half-open-clients":
    case "transfer":
    case "wipe":
    case "early-flush":
      return { kind, atMillis, target };
    case "half-open":
      return { kind, atMillis, target, direction: random.pick(["to", "from", "both"] as const) };
    case "add-member":
      return { kind, atMillis, isPromoted: random.chance(0.7) };
    case "remove-member":
      return { kind, atMillis, target, isCutOff: random.chance(0.5) };
    case "pause-client":
      return { kind, atMillis, forMillis, client: random.nextInt(8) };
    case "slow-disk":
      return drawSlowDisk(random, lasting);
    case "sync-error":
      return { kind, ...lasting, countdown };
    case "name-error":
      return { kind, ...lasting, countdown: random.nextInt(3) };
    case "write-error":
      return { kind, ...lasting, countdown, errno: random.pick(["EIO", "ENOSPC"] as const) };
    case "read-error":
      return { kind, ...lasting, countdown: random.nextInt(10) };
    case "clock-jump":
      return { kind, atMillis, target, millis: random.between(-3_600_000, 3_600_000) };
    default:
      return drawDeceit(random, kind, atMillis, frame);
  }
}

function drawSlowDisk(
  random: SeededRandom,
  lasting: { readonly atMillis: number; readonly forMillis: number; readonly target: Target },
): FaultPlan {
  // Of what is slow as a whole a process asks for more.
  const isEverything = random.chance(0.3);
  const maxMillis = random.pick(isEverything ? [5, 50, 500] : [50, 500, 3_000, 10_000]);
  return { kind: "slow-disk", ...lasting, maxMillis, isEverything };
}

type DeceitKind = "stale-copy" | "lying-sync" | "lost-write" | "read-flip" | "bit-flip";

function drawDeceit(
  random: SeededRandom,
  kind: DeceitKind,
  atMillis: number,
  { members }: FaultFrame,
): FaultPlan {
  const target = random.nextInt(members);
  const isElected = random.chance(0.5);
  switch (kind) {
    case "stale-copy":
      return { kind, atMillis, target, backMillis: random.between(50, 2_000), isElected };
    case "lying-sync":
      return { kind, atMillis, target, isElected };
    case "lost-write": {
      const elsewhere = random.chance(0.5) ? undefined : random.nextFloat();
      return { kind, atMillis, target, countdown: random.nextInt(12), elsewhere };
    }
    case "read-flip":
      return { kind, atMillis, target, countdown: random.nextInt(3), bit: random.nextInt(2 ** 20) };
    case "bit-flip": {
      const file = random.pick(["log", "store"] as const);
      return { kind, atMillis, target, file, place: random.nextFloat() };
    }
  }
}

function drawTarget(random: SeededRandom, { members }: FaultFrame): Target {
  return random.chance(0.4) ? "leader" : random.nextInt(members);
}

/** Mostly around the times that matter: a round trip, an election, a lease, a client's patience. */
function drawDuration(random: SeededRandom): number {
  const most = random.pick([100, 1_000, 1_000, 4_000, 4_000, 12_000, 60_000]);
  return 1 + random.nextInt(most);
}

function drawDamage(random: SeededRandom): Damage {
  return random.pick(["random", "random", "random", "drop-all", "keep-all"] as const);
}
