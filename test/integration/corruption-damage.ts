/** Bits that flip in files, and the ways in which a member may end that finds such a bit. */
import assert from "node:assert/strict";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "@quorate/platform";
import { until } from "../support/deadline.ts";
import type { MemberProcess, ProcessEnd } from "../support/member-process.ts";

/** Bits that flip in a round. */
const flipsPerRound = 6;
const sentence = /Cannot (read|open|commit to) (the )?database/;
/** Where LMDB believes a damaged page it may follow it anywhere, or find that it cannot. */
const damageSignals: readonly (NodeJS.Signals | undefined)[] = ["SIGSEGV", "SIGBUS", "SIGABRT"];

/** The file of a member's database. */
export function databaseOf(member: MemberProcess): string {
  return join(member.dataDirectory, "member/snap/db");
}

/**
 * Flips the lowest bit of one byte.
 *
 * @returns The file as it is then.
 */
export async function flip(path: string, find: (bytes: Buffer) => number): Promise<Buffer> {
  const bytes = await readFile(path);
  const at = find(bytes);
  assert.ok(at >= 0 && at < bytes.length, `there is something to damage in ${path}`);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  return bytes;
}

/** Flips a bit of each occurrence of a text, where the file is, as a disk does. */
export async function flipAll(path: string, text: string): Promise<void> {
  // Writes come to the database later than to the log.
  const places = await until(20_000, `"${text}" in ${path}`, async () => {
    const bytes = await readFile(path);
    const found: { readonly at: number; readonly byte: number }[] = [];
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
      found.push({ at, byte: bytes[at] ?? 0 });
    }
    return found.length > 0 ? found : undefined;
  });
  const file = await open(path, "r+");
  for (const { at, byte } of places) await file.write(Uint8Array.of(byte ^ 1), 0, 1, at);
  await file.close();
}

/** Flips some bits anywhere. */
export async function flipInPlace(path: string, random: Random): Promise<void> {
  const file = await open(path, "r+");
  const { size } = await file.stat();
  for (let flips = 0; flips < flipsPerRound; flips += 1) {
    const at = random.nextInt(size);
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ (1 << random.nextInt(8));
    await file.write(byte, 0, 1, at);
  }
  await file.close();
}

/**
 * How a damaged member ended that had been serving: by a sentence about its database, or by one of
 * the signals that LMDB gets it. Every other end is a bug, an uncaught exception for one.
 */
export function describeDamagedEnd(
  { code, signal }: ProcessEnd,
  lifeLog: readonly string[],
): string {
  if (damageSignals.includes(signal)) return `ended by ${signal}`;
  const said = lifeLog.find((line) => line.includes("cannot go on safely")) ?? "";
  const log = lifeLog.slice(-10).join("\n");
  assert.match(said, sentence, `ended with ${code ?? signal}, not for its damage:\n${log}`);
  assert.equal(code, 1, log);
  return "ended by a sentence";
}

/** A member that does not start for damage says so: pages are looked at before LMDB maps them. */
export function assertRefusedStart({ code }: ProcessEnd, lifeLog: readonly string[]): void {
  assert.equal(code, 1, lifeLog.slice(-10).join("\n"));
  assert.match(lifeLog.at(-1) ?? "", sentence);
}
