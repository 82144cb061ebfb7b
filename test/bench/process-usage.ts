/** What the machine knows of processes: processor time and memory, from Linux's /proc. */
import { readFile, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Clock ticks in a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Memory of some processes together, in bytes. */
export interface Memory {
  readonly residentBytes: number;
  /** The most since the last {@link forgetPeaks}. */
  readonly residentBytesMax: number;
  /** The part of `residentBytes` that belongs to no file. */
  readonly anonymousBytes: number;
}

/** User and system time of all threads of some processes, in seconds, in steps of 10 ms. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const ticks = await Promise.all(
    pids.map(async (pid) => {
      const fields = await statFields(String(pid));
      return Number(fields[11]) + Number(fields[12]);
    }),
  );
  return sum(ticks) / ticksPerSecond;
}

/** The same of the children of this process that have ended. */
export async function childrenCpuSeconds(): Promise<number> {
  const fields = await statFields("self");
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/**
 * How long the main threads of some processes could have run, had there been a processor, in
 * seconds; one number for each.
 */
export async function mainThreadWaits(pids: readonly number[]): Promise<readonly number[]> {
  const texts = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/task/${pid}/schedstat`, "utf8")),
  );
  // Nanoseconds on a processor, nanoseconds waiting for one, turns.
  return texts.map((text) => Number(text.split(" ")[1]) / 1e9);
}

/** Fields of /proc/PID/stat from the third on: utime is the 14th of all, cutime the 16th. */
async function statFields(process: string): Promise<readonly string[]> {
  const line = await readFile(`/proc/${process}/stat`, "utf8");
  // The name in parentheses may hold spaces.
  return line.slice(line.lastIndexOf(")") + 2).split(" ");
}

/** Memory of some processes. */
export async function memoryOf(pids: readonly number[]): Promise<Memory> {
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, "utf8")));
  const field = (name: string): number =>
    sum(texts.map((text) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1]))) *
    1_024;
  return {
    residentBytes: field("VmRSS"),
    residentBytesMax: field("VmHWM"),
    anonymousBytes: field("RssAnon"),
  };
}

/** Lets the kernel measure peaks of memory from now on. */
export async function forgetPeaks(pids: readonly number[]): Promise<void> {
  await Promise.all(pids.map((pid) => writeFile(`/proc/${pid}/clear_refs`, "5")));
}

/** Space that the files below a folder take on the disk, in bytes; holes count nothing. */
export async function diskBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return diskBytes(path);
      // Files come and go while a store runs.
      return stat(path).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      );
    }),
  );
  return sum(sizes);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
