/** How much memory members may hold: what their history needs, whatever they went through (B24). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { MemberProcess } from "../support/member-process.ts";

const mebibyte = 1024 * 1024;
/** What a member holds at most that has seen some load; one without has 110 MiB. */
const usualBytes = 160 * mebibyte;
/** What its heap may grow by between collections. */
const spareBytes = 64 * mebibyte;
/** What a revision may take for ever: its place in the index of keys. */
const bytesPerRevision = 1_024;

/**
 * Memory of each member that belongs to no file, in bytes; 0 when it does not run. Pages of the
 * store's file, which it maps, are not its own: the kernel gives and takes them as it likes.
 */
export function memoryOf(members: readonly MemberProcess[]): readonly number[] {
  return members.map(({ pid }) => {
    if (pid === undefined) return 0;
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1];
    assert.ok(kibibytes !== undefined, "the kernel tells the memory of a process");
    return Number(kibibytes) * 1_024;
  });
}

/**
 * Checks that no member holds more memory than so many revisions explain.
 *
 * @param before - What they held before these revisions were written. @default the usual
 * @returns The most that one of them holds and held, for the output.
 */
export function checkMemory(
  members: readonly MemberProcess[],
  revisions: number,
  before: readonly number[] = [],
): string {
  const held = memoryOf(members);
  for (const [index, bytes] of held.entries()) {
    const bytesMax = (before[index] ?? usualBytes) + spareBytes + revisions * bytesPerRevision;
    assert.ok(bytes <= bytesMax, `${describe(bytes)} of memory are too much (B24)`);
  }
  const most = describe(Math.max(...held));
  if (before.length === 0) return most;
  return `${most}, before ${describe(Math.max(...before))}`;
}

function describe(bytes: number): string {
  return `${Math.round(bytes / mebibyte)} MiB`;
}
