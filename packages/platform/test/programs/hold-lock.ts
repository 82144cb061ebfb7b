import { NodeFileSystem } from "../../src/index.ts";

/** Locks the path given as argument, prints the outcome and stays until killed or stdin ends. */
const lock = await new NodeFileSystem().lock(process.argv[2] ?? "");
process.stdout.write(lock === undefined ? "refused\n" : "locked\n");
process.stdin.resume();
