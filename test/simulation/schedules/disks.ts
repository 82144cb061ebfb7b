/** What scripts do to disks. */
import type { SimOperation } from "@quorate/platform/sim";
import type { Machine } from "../world/machine.ts";
import type { Stage } from "./stage.ts";

/** Whether a path on a member's disk belongs to its log. */
function isLogFile(path: string): boolean {
  return path.includes("/wal/");
}

/** Whether a path on a member's disk belongs to its store. */
export function isStoreFile(path: string): boolean {
  return path.includes("/snap/");
}

/** Whether an operation makes what a member promises durable. */
export function isLogSync({ kind, path }: SimOperation): boolean {
  return kind === "datasync" && isLogFile(path);
}

/** Every sync of a log takes so long, until the returned function is called. */
export function holdSyncs({ disk }: Machine, millis: number): () => void {
  let isOver = false;
  const arm = (): void => {
    disk.arm({
      matches: (operation) => isLogSync(operation) && !isOver,
      countdown: 0,
      strike: () => {
        arm();
        return { kind: "delay", millis };
      },
    });
  };
  arm();
  return () => {
    isOver = true;
  };
}

/** Fails the next sync of a log and waits until the process has ended of it (B3). */
export async function failOneSync(stage: Stage, machine: Machine): Promise<void> {
  const { process } = machine;
  const excused = machine.disk.excuse({ errno: "EIO" });
  machine.disk.arm({
    matches: isLogSync,
    countdown: stage.random.nextInt(5),
    strike: () => ({ kind: "error", errno: "EIO" }),
  });
  await stage.until("the process ends of it", () => machine.process !== process);
  excused();
}
