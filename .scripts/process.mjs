import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Absolute path of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** Arguments that let Node run the TypeScript sources without a build. */
export const sourceArguments = ["--conditions=@quorate/source", "--import", "tsx"];

/**
 * Ends the process with one sentence on standard error and code 1.
 *
 * @param {string} sentence - What cannot be done and why, or what to type instead.
 * @returns {never}
 */
export function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/**
 * Says how long something took, for example `3.4 s`.
 *
 * @param {number} startedMillis - `performance.now()` at the start.
 * @returns {string}
 */
export function since(startedMillis) {
  return `${((performance.now() - startedMillis) / 1000).toFixed(1)} s`;
}

/**
 * Runs Node with the given arguments in the repository, on this terminal, and waits for its end.
 * SIGINT and SIGTERM reach the child; when the terminal sends SIGINT itself, it is not doubled.
 *
 * @param {readonly string[]} nodeArguments - What follows `node`.
 * @param {{ readonly environment?: Readonly<Record<string, string>> }} [options]
 * @returns {Promise<number>} The child's exit code; 128 + signal number where a signal ended it.
 */
export async function runNode(nodeArguments, options = {}) {
  const child = spawn(process.execPath, nodeArguments, {
    cwd: root,
    env: { ...process.env, ...options.environment },
    stdio: "inherit",
  });
  return await passSignalsUntilExit(child);
}

/**
 * Forwards signals to a child until it ends.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<number>} Exit code as of a shell.
 */
export async function passSignalsUntilExit(child) {
  const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
  const forwarders = signals.map((signal) => ({
    signal,
    forward: () => {
      // A terminal sends its interrupt to the whole process group: the child has it already.
      if (signal === "SIGINT" && process.stdin.isTTY) return;
      child.kill(signal);
    },
  }));
  for (const { signal, forward } of forwarders) process.on(signal, forward);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        resolve(code ?? 128 + (signal === "SIGINT" ? 2 : signal === "SIGKILL" ? 9 : 15));
      });
    });
  } finally {
    for (const { signal, forward } of forwarders) process.off(signal, forward);
  }
}
