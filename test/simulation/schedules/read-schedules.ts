import type { Schedule } from "./schedule.ts";

/** Reads that must not be stale. */
export const readSchedules: readonly Schedule[] = [
  {
    name: "a leader that was cut off is asked while the majority writes",
    rows: ["C2"],
    script: async (stage) => {
      const old = await stage.leader();
      const others = stage.followersOf(old);
      const outside = stage.client(old);
      const inside = stage.client(...others);
      await inside.client.put("schedule", "before");
      stage.isolate(old);
      const isReplaced = (): boolean => others.some(({ running }) => running?.member?.isLeader);
      // It believes in its leadership until it has heard no quorum for an election time-out.
      const early = outside.client.get("schedule", { deadlineMillis: 20_000 });
      await stage.until("a new leader", isReplaced);
      await inside.client.put("schedule", "after");
      const late = outside.client.get("schedule", { deadlineMillis: 20_000 });
      const seen = await Promise.allSettled([early, late]);
      const isStale = seen[1].status === "fulfilled" && seen[1].value?.text() !== "after";
      if (isStale) throw new Error("P2: the old leader has answered a read with the old value");
      stage.reached("a leader that was cut off is asked while the majority writes");
      stage.healLinks();
    },
  },
];
