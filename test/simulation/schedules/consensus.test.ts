import { play } from "./play.ts";
import { consensusSchedules } from "./schedules.ts";

play(consensusSchedules);
