import { play } from "./play.ts";
import { storageSchedules } from "./schedules.ts";

play(storageSchedules);
