import assert from "node:assert/strict";
import { AlarmRequestAlarmAction as Action, AlarmType, services, wireErrors } from "@quorate/api";
import { compareStores, type Scenario } from "./scenario.ts";

// 16 MiB are full after some 170 puts of 100 kB; how many exactly depends on the storage engine.
const scenario = compareStores({ flags: ["--quota-backend-bytes", String(16 * 1024 * 1024)] });

async function fillUp(s: Scenario): Promise<number> {
  return await s.quietly(async () => {
    for (let count = 0; count < 2_000; count += 1) {
      const { code, message } = await s.put(`k${count}`, "v".repeat(100_000));
      if (code === 0) continue;
      assert.deepEqual({ code, message }, wireErrors["no-space"]);
      return count;
    }
    throw new Error("The store does not fill up");
  });
}

scenario("A full store raises the alarm, and takes writes again once it has space", async (s) => {
  const { alarm, defragment } = services.maintenance;
  const count = await fillUp(s);
  assert.ok(count > 50, `only ${count} puts fit`);
  const listed = await s.quietly(async () => await s.call(alarm, { action: Action.GET }));
  s.note("alarms", listed.response?.alarms);
  s.fails(await s.put("small", "1"), "no-space");
  s.succeeds(await s.quietly(async () => await s.delete("k", { end: s.endOf("k") })));
  const revision = s.succeeds(await s.quietly(async () => await s.all())).header?.revision ?? 0;
  s.succeeds(
    await s.quietly(async () => await s.call(services.kv.compact, { revision, physical: true })),
  );
  s.succeeds(await s.call(defragment, {}));
  // The alarm outlives its cause.
  s.fails(await s.put("small", "1"), "no-space");
  const memberId = s.store.memberId;
  const request = { action: Action.DEACTIVATE, alarm: AlarmType.NOSPACE, memberId };
  await s.quietly(async () => s.succeeds(await s.call(alarm, request)));
  s.succeeds(await s.quietly(async () => await s.put("small", "1")));
});
