import assert from "node:assert/strict";
import { test } from "node:test";
import { runSchedule, type Schedule } from "../schedules/schedule.ts";
import { diskStrikes } from "./disk-faults.ts";

/** A sync in a directory fails, of which the process hears nothing: it was somebody else's. */
function unheard(kind: "sync-error" | "name-error", directory: string): Schedule {
  return {
    name: `a ${kind} in ${directory} that the process does not hear of`,
    rows: ["C35"],
    script: async (stage, reached) => {
      const { files, place } = await stage.leader();
      const handle = await files.open(`${directory}/other`, "create-or-truncate");
      const times = { target: place, countdown: 0, atMillis: 0, forMillis: 5_000 };
      const isFile = kind === "sync-error";
      if (isFile) diskStrikes[kind](stage.world, { ...times, kind }, reached);
      else diskStrikes[kind](stage.world, { ...times, kind }, reached);
      await assert.rejects(isFile ? handle.datasync() : files.syncDirectory(directory), /EIO/);
      await stage.wait(2_000);
    },
  };
}

for (const kind of ["sync-error", "name-error"] as const) {
  test(`${kind}: whoever goes on after it with its log has failed the run (B3)`, async () => {
    const { failure } = await runSchedule(unheard(kind, "/data/member/wal"), 1n);
    assert.equal(failure?.kind, "B3", failure?.message);
    assert.match(failure.message, /goes on after a .* of \/data\/member\/wal/);
  });
}

test("sync-error: the store is not the log", async () => {
  const { failure } = await runSchedule(unheard("sync-error", "/data/member/snap"), 1n);
  assert.equal(failure, undefined);
});
