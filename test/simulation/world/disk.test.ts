import assert from "node:assert/strict";
import { test } from "node:test";
import { FileSystemError } from "@quorate/platform";
import { SeededRandom, SimFileSystem } from "@quorate/platform/sim";
import { runSchedule, type Schedule } from "../schedules/schedule.ts";
import { Disk } from "./disk.ts";

const path = "/data/member/wal/0-1.wal";

function failed(errno: string, at: string = path): Error {
  const cause = new FileSystemError("datasync", at, errno);
  return new Error("Cannot write to the log", { cause });
}

function diskOf(): Disk {
  return new Disk(new SimFileSystem(), [0, 0], new SeededRandom(1n));
}

test("a fault of a disk explains one end, and that only by its own error (B3)", () => {
  const disk = diskOf();
  assert.equal(disk.explains(failed("EIO")), false, "nothing is wrong");
  disk.excuse({ errno: "EIO", path });
  assert.equal(disk.explains(new TypeError("Cannot read properties of undefined")), false);
  assert.equal(disk.explains(failed("ENOENT")), false);
  assert.equal(disk.explains(failed("EIO", "/data/member/snap/db")), false);
  assert.equal(disk.explains(failed("EIO")), true);
  assert.equal(disk.explains(failed("EIO")), false, "a second end is another's fault");
});

test("a fault that lasts explains each end until it is over (B5)", () => {
  const disk = diskOf();
  const end = disk.excuse({ errno: "ENOSPC", isLasting: true });
  assert.equal(disk.explains(failed("ENOSPC")), true);
  assert.equal(disk.explains(failed("ENOSPC", "/data/member/snap/db")), true);
  assert.equal(disk.explains(failed("EIO")), false);
  end();
  assert.equal(disk.explains(failed("ENOSPC")), false);
});

/** The leader's next sync fails by something else than what is injected. */
function failing(error: Error): Schedule {
  return {
    name: "a sync that throws",
    rows: ["C35"],
    script: async (stage, reached) => {
      const leader = await stage.leader();
      const { process } = leader;
      leader.disk.excuse({ errno: "EIO" });
      leader.disk.arm({
        matches: ({ kind }) => kind === "datasync",
        countdown: 0,
        strike: () => {
          throw error;
        },
      });
      await stage.until("the process ends of it", () => leader.process !== process);
      reached();
    },
  };
}

test("a process that ends of a bug while its disk has a fault has failed the run", async () => {
  const bug = await runSchedule(failing(new TypeError("Cannot read it")), 1n);
  assert.match(bug.failure?.message ?? "", /ends without a fault: .*Cannot read it/);
  const injected = await runSchedule(failing(new FileSystemError("datasync", path, "EIO")), 1n);
  assert.equal(injected.failure, undefined);
});
