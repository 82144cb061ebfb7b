import { play } from "./play.ts";
import { serviceSchedules } from "./schedules.ts";

play(serviceSchedules);
