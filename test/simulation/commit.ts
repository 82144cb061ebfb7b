import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * The commit whose code runs here, in short: a seed means something on it alone (D2).
 *
 * @returns As `1a2b3c4d5e6f`, with `-dirty` behind it when files have been changed since.
 */
export function currentCommit(): string {
  const options: ExecFileSyncOptionsWithStringEncoding = {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  };
  try {
    const flags = ["describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"];
    return execFileSync("git", flags, options).trim();
  } catch {
    // An archive of the sources has no history.
    return "unknown";
  }
}
