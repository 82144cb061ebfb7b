import { clientSchedules } from "./client-schedules.ts";
import { copySchedules } from "./copy-schedules.ts";
import { forgetfulSchedules } from "./forgetful-schedules.ts";
import { leaderSchedules } from "./leader-schedules.ts";
import { leaseSchedules } from "./lease-schedules.ts";
import { lockSchedules } from "./lock-schedules.ts";
import { membershipSchedules } from "./membership-schedules.ts";
import { powerSchedules } from "./power-schedules.ts";
import { quotaSchedules } from "./quota-schedules.ts";
import { readSchedules } from "./read-schedules.ts";
import type { Schedule } from "./schedule.ts";
import { slowWatchSchedules } from "./slow-watch-schedules.ts";
import { snapshotSchedules } from "./snapshot-schedules.ts";
import { storeSchedules } from "./store-schedules.ts";
import { watchSchedules } from "./watch-schedules.ts";

/** Elections, reads and members. */
export const consensusSchedules: readonly Schedule[] = [
  ...readSchedules,
  ...leaderSchedules,
  ...membershipSchedules,
];

/** Logs, states and stores. */
export const storageSchedules: readonly Schedule[] = [
  ...powerSchedules,
  ...copySchedules,
  ...forgetfulSchedules,
  ...snapshotSchedules,
  ...storeSchedules,
  ...quotaSchedules,
];

/** Watches, leases, locks and clients. */
export const serviceSchedules: readonly Schedule[] = [
  ...watchSchedules,
  ...slowWatchSchedules,
  ...leaseSchedules,
  ...lockSchedules,
  ...clientSchedules,
];

/** All schedules. */
export const schedules: readonly Schedule[] = [
  ...consensusSchedules,
  ...storageSchedules,
  ...serviceSchedules,
];
