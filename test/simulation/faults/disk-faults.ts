/** What goes wrong with disks and clocks (D3, B3 to B5, B11, B13). */
import type { SimFault, SimOperation } from "@quorate/platform/sim";
import type { World } from "../world/world.ts";
import { machineAt, type FaultOf, type Strikes, type Undo } from "./fault.ts";
import { once } from "./process-faults.ts";

/** See the head of the file. */
export const diskStrikes: Strikes<
  ("slow-disk" | "sync-error" | "write-error" | "read-error" | "full-disk") | "clock-jump"
> = {
  "slow-disk": (world, { target, maxMillis }) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    machine.disk.slowMillis = maxMillis;
    return once(() => {
      machine.disk.slowMillis = 0;
    });
  },
  "sync-error": (world, fault) =>
    arm(world, fault, ({ kind }) => kind === "datasync", { kind: "error", errno: "EIO" }),
  "write-error": (world, fault) => {
    const { errno } = fault;
    const half = ({ kind, bytes }: SimOperation): SimFault =>
      kind === "write"
        ? { kind: "short-write", bytes: bytes >> 1, errno }
        : { kind: "error", errno };
    return arm(world, fault, ({ kind }) => kind === "write" || kind === "open", half);
  },
  "read-error": (world, fault) =>
    arm(world, fault, ({ kind }) => kind === "read", { kind: "error", errno: "EIO" }),
  "full-disk": (world, { target }) => {
    const machine = machineAt(world, target);
    if (machine === undefined) return undefined;
    const restore = machine.disk.excuse();
    machine.files.setCapacity(0);
    return once(() => {
      machine.files.setCapacity(Infinity);
      restore();
    });
  },
  "clock-jump": (world, { target, millis }) => {
    machineAt(world, target)?.clock.jumpWall(millis);
    return undefined;
  },
};

function arm(
  world: World,
  { target, countdown }: FaultOf<"sync-error" | "write-error" | "read-error">,
  matches: (operation: SimOperation) => boolean,
  fault: SimFault | ((operation: SimOperation) => SimFault),
): Undo | undefined {
  const machine = machineAt(world, target);
  if (machine === undefined) return undefined;
  let restore: Undo = () => undefined;
  const disarm = machine.disk.arm({
    matches,
    countdown,
    strike: (operation) => {
      restore = machine.disk.excuse();
      world.trace(`${machine.name} ${operation.kind} of ${operation.path} fails`);
      return typeof fault === "function" ? fault(operation) : fault;
    },
  });
  return once(() => {
    disarm();
    restore();
  });
}
