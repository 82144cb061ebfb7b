/** Crashes, restarts and pauses (D5). */
import { crashFault } from "../world/disk.ts";
import type { Machine } from "../world/machine.ts";
import type { World } from "../world/world.ts";
import { machineAt, type FaultOf, type Strikes, type Undo } from "./fault.ts";

/** See the head of the file. */
export const processStrikes: Strikes<
  "crash" | "crash-at-effect" | "crash-all" | "restart" | "pause" | "pause-client"
> = {
  crash: (world, fault, hit) => {
    const machine = machineAt(world, fault.target);
    // Where no process is, the power takes what the last one had not synced.
    if (machine === undefined || (machine.process === undefined && !fault.isPower)) {
      return undefined;
    }
    hit();
    return crash(machine, fault);
  },
  "crash-at-effect": (world, fault, hit) => {
    const machine = machineAt(world, fault.target);
    if (machine === undefined) return undefined;
    return crashAtEffect(world, machine, fault, hit);
  },
  "crash-all": (world, fault, hit) => {
    hit();
    const undos = world.present.map((machine) => crash(machine, fault));
    return () => {
      for (const undo of undos) undo();
    };
  },
  restart: (world, { target }, hit) => {
    const machine = machineAt(world, target);
    if (machine?.running === undefined) return undefined;
    hit();
    machine.hold();
    machine.close().catch((error: unknown) => world.fail(error));
    return once(() => machine.release());
  },
  pause: (world, { target }, hit) => {
    const machine = machineAt(world, target);
    const process = machine?.process;
    if (process === undefined || process.isPaused) return undefined;
    hit();
    process.pause();
    return once(() => process.goOn());
  },
  "pause-client": (world, { client }, hit) => {
    const machine = world.clientMachines[client % Math.max(1, world.clientMachines.length)];
    if (machine === undefined || machine.timers.isPaused) return undefined;
    hit();
    machine.pause();
    return once(() => machine.goOn());
  },
};

/** Runs an undo once at most. */
export function once(undo: Undo): Undo {
  let isDone = false;
  return () => {
    if (!isDone) undo();
    isDone = true;
  };
}

function crash(
  machine: Machine,
  { isPower, damage }: Pick<FaultOf<"crash">, "isPower" | "damage">,
): Undo {
  machine.hold();
  machine.crash(isPower ? "power" : "kill", damage);
  return once(() => machine.release());
}

/**
 * Arms a crash at the n-th effect of a machine from now on: an operation on its disk, a frame that
 * leaves for a peer, an answer that leaves for a client.
 */
function crashAtEffect(
  world: World,
  machine: Machine,
  fault: FaultOf<"crash-at-effect">,
  hit: () => void,
): Undo {
  let release: Undo = () => undefined;
  let isOver = false;
  const die = (): void => {
    hit();
    world.coverage.fault(`crash at ${fault.effect}`);
    release = crash(machine, fault);
    world.scheduler.schedule(fault.forMillis, release);
  };
  const disarm =
    fault.effect === "file"
      ? armDisk(machine, fault, die)
      : world.effects.arm(machine, fault.effect, fault.countdown, die);
  return () => {
    if (isOver) return;
    isOver = true;
    disarm();
    // What has been struck down starts when its own time is over, or now, when all is healed.
    release();
  };
}

function armDisk(machine: Machine, fault: FaultOf<"crash-at-effect">, die: () => void): Undo {
  const { isPower, damage } = fault;
  return machine.disk.arm({
    matches: () => machine.process !== undefined,
    countdown: fault.countdown,
    strike: ({ sequence }) => {
      if (!isPower || sequence % 2 === 0) {
        die();
        return { kind: "error", errno: "EIO" };
      }
      // The operation takes place and then the power goes: the file system does that itself.
      machine.loseProcess("power");
      die();
      return crashFault("after", damage);
    },
  });
}
