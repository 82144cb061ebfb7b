/** What goes wrong with disks and clocks (D3, B3 to B5, B11, B13). */
import type { SimFault, SimOperation } from "@quorate/platform/sim";
import { CheckFailure } from "../checkers/check-failure.ts";
import type { Machine } from "../world/machine.ts";
import { dataDirectory } from "../world/process-storage.ts";
import type { World } from "../world/world.ts";
import { machineAt, type FaultOf, type Strikes, type Undo } from "./fault.ts";
import { once } from "./process-faults.ts";

/** See the head of the file. */
export const diskStrikes: Strikes<
  | ("slow-disk" | "sync-error" | "name-error" | "write-error" | "read-error" | "full-disk")
  | ("clock-jump" | "early-flush")
> = {
  "slow-disk": (world, { target, maxMillis, isEverything }, hit) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    hit();
    return machine.disk.slow({ maxMillis, isEverything });
  },
  "sync-error": (world, fault, hit) =>
    arm(world, fault, hit, { matches: ({ kind }) => kind === "datasync", fault: failure }),
  "name-error": (world, fault, hit) =>
    arm(world, fault, hit, { matches: ({ kind }) => kind === "sync-directory", fault: failure }),
  "write-error": (world, fault, hit) => {
    const { errno } = fault;
    const half = ({ kind, bytes }: SimOperation): Failure =>
      kind === "write"
        ? { kind: "short-write", bytes: bytes >> 1, errno }
        : { kind: "error", errno };
    const matches = ({ kind }: SimOperation): boolean => kind === "write" || kind === "open";
    return arm(world, fault, hit, { matches, fault: half });
  },
  "read-error": (world, fault, hit) => {
    const machine = machineAt(world, fault.target);
    const matches = ({ kind }: SimOperation): boolean => kind === "read";
    const undo = arm(world, fault, hit, { matches, fault: failure });
    // Processes read when they start.
    if (machine?.process !== undefined && !machine.isHeld) {
      machine.crash("kill");
      machine.start();
    }
    return undo;
  },
  "full-disk": (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    hit();
    const restore = machine.disk.excuse({ errno: "ENOSPC", isLasting: true });
    const empty = machine.disk.fill();
    return once(() => {
      empty();
      restore();
    });
  },
  "early-flush": (world, { target }, hit) => {
    const running = machineAt(world, target)?.running;
    if (running?.isAlive !== true) return undefined;
    hit();
    // Who depends on the store is told of its failure by itself.
    running.state.store.backend.flush().catch(() => undefined);
    return undefined;
  },
  "clock-jump": (world, { target, millis }, hit) => {
    hit();
    machineAt(world, target)?.clock.jumpWall(millis);
    return undefined;
  },
};

/** Fails an operation. */
type Failure = Extract<SimFault, { readonly errno: string }>;

const failure: Failure = { kind: "error", errno: "EIO" };

/** What strikes which operation. */
interface Ambush {
  readonly matches: (operation: SimOperation) => boolean;
  readonly fault: Failure | ((operation: SimOperation) => Failure);
}

function arm(
  world: World,
  { target, countdown }: FaultOf<"sync-error" | "name-error" | "write-error" | "read-error">,
  hit: () => void,
  { matches, fault }: Ambush,
): Undo | undefined {
  const machine = machineAt(world, target);
  if (machine === undefined) return undefined;
  let restore: Undo = () => undefined;
  const disarm = machine.disk.arm({
    matches,
    countdown,
    strike: (operation) => {
      const struck = typeof fault === "function" ? fault(operation) : fault;
      const { path } = operation;
      restore = machine.disk.excuse({ errno: struck.errno, path });
      hit();
      world.trace(`${machine.name} ${operation.kind} of ${path} fails`);
      if (isLogSync(operation)) expectEnd(world, machine, operation);
      return struck;
    },
  });
  return once(() => {
    disarm();
    restore();
  });
}

/** Whether what the log promises depends on the operation; not on one that makes a new log. */
function isLogSync({ kind, path }: SimOperation): boolean {
  const directory = `${dataDirectory}/member/wal`;
  return kind === "datasync"
    ? path.startsWith(`${directory}/`)
    : kind === "sync-directory" && path === directory;
}

/** A process that takes part ends of a sync of its log that failed once (B3). */
function expectEnd(world: World, machine: Machine, { kind, path }: SimOperation): void {
  const process = machine.running;
  if (process === undefined || process.isClosing) return;
  world.scheduler.schedule(endMillis, () => {
    if (machine.process === process) {
      const what = `${machine.name} goes on after a ${kind} of ${path} has failed`;
      world.fail(new CheckFailure("B3", what));
    }
    world.coverage.checked("B3");
  });
}

/** It ends of it at once, so this is plenty. */
const endMillis = 1_000;
