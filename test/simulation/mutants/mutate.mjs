// Registers a loader that changes one place of one source file while it is loaded, so that a whole
// process runs with a bug planted and nothing on the disk changes. Imported before tsx.
import { register } from "node:module";

register("./mutate-hook.mjs", import.meta.url, { data: process.env["QUORATE_MUTANT"] ?? "" });
