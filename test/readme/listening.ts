import { readdir, readFile, readlink } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const listenState = "0A";

/** Whether a process listens on a TCP port now, as Linux tells in `/proc`; false when it ended. */
async function isListening(pid: number): Promise<boolean> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/${pid}/net/${name}`, "utf8").catch(() => "")),
  );
  const listening = new Set(
    tables
      .flatMap((table) => table.split("\n").slice(1))
      .map((row) => row.trim().split(/\s+/))
      .filter((columns) => columns[3] === listenState)
      .map((columns) => `socket:[${columns[9]}]`),
  );
  const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const targets = await Promise.all(
    files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")),
  );
  return targets.some((target) => listening.has(target));
}

/**
 * Waits until a process listens on a TCP port.
 *
 * @param isEnded - Whether the process has ended meanwhile.
 * @returns False when it ended or the time was over before.
 */
export async function waitUntilListening(
  pid: number,
  timeoutMillis: number,
  isEnded: () => boolean,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMillis;
  while (performance.now() < deadline && !isEnded()) {
    if (await isListening(pid)) return true;
    await delay(50);
  }
  return false;
}
