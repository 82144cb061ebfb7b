export { SeededRandom } from "./seeded-random.ts";
export { SimClock, SimScheduler, SimTimers } from "./sim-scheduler.ts";
