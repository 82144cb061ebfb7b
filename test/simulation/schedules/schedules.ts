import { clientSchedules } from "./client-schedules.ts";
import { copySchedules } from "./copy-schedules.ts";
import { leaderSchedules } from "./leader-schedules.ts";
import { leaseSchedules } from "./lease-schedules.ts";
import { lockSchedules } from "./lock-schedules.ts";
import { membershipSchedules } from "./membership-schedules.ts";
import { powerSchedules } from "./power-schedules.ts";
import { readSchedules } from "./read-schedules.ts";
import type { Schedule } from "./schedule.ts";
import { slowWatchSchedules } from "./slow-watch-schedules.ts";
import { snapshotSchedules } from "./snapshot-schedules.ts";
import { storeSchedules } from "./store-schedules.ts";
import { watchSchedules } from "./watch-schedules.ts";

/** All schedules. */
export const schedules: readonly Schedule[] = [
  ...readSchedules,
  ...leaderSchedules,
  ...powerSchedules,
  ...copySchedules,
  ...snapshotSchedules,
  ...membershipSchedules,
  ...storeSchedules,
  ...watchSchedules,
  ...slowWatchSchedules,
  ...leaseSchedules,
  ...lockSchedules,
  ...clientSchedules,
];
