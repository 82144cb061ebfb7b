import { readSchedules } from "./read-schedules.ts";
import type { Schedule } from "./schedule.ts";

/** All schedules. */
export const schedules: readonly Schedule[] = [...readSchedules];
