import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fail, passSignalsUntilExit, root, runNode, since } from "./process.mjs";

/**
 * @typedef {{
 *   readonly version?: string;
 *   readonly resolved?: string;
 *   readonly link?: boolean;
 *   readonly optional?: boolean;
 *   readonly devOptional?: boolean;
 *   readonly peer?: boolean;
 *   readonly bin?: Readonly<Record<string, string>>;
 * }} LockedPackage
 */

/**
 * Installs what `package-lock.json` names, unless it is there already, and builds every package.
 */
export async function prepare() {
  await install();
  await build();
}

/** Runs `npm ci` when `node_modules` is missing or differs from the lock file. */
export async function install() {
  const reason = installReason();
  if (reason === undefined) return;
  const started = performance.now();
  console.error(`installing: ${reason}; npm ci --ignore-scripts runs, a minute at most ...`);
  const heartbeat = setInterval(() => {
    console.error(`installing: still at it after ${since(started)}`);
  }, 10_000);
  const code = await npmCi().finally(() => {
    clearInterval(heartbeat);
  });
  if (code !== 0) fail(`Cannot install the packages: npm ci ended with code ${code}, see above.`);
  const leftOver = installReason();
  if (leftOver !== undefined) fail(`Cannot install the packages: after npm ci, ${leftOver}.`);
  console.error(`installed in ${since(started)}`);
}

/** Compiles every package with `tsc -b`, which looks only at what changed. */
export async function build() {
  const started = performance.now();
  const code = await runNode(["node_modules/typescript/bin/tsc", "-b"]);
  if (code !== 0) fail("Cannot build: the compiler reports the errors above.");
  console.error(`built in ${since(started)}`);
}

/** @returns {Promise<number>} */
async function npmCi() {
  const cli = process.env["npm_execpath"];
  const [command, head] = cli?.endsWith(".js") ? [process.execPath, [cli]] : ["npm", []];
  const npmArguments = [...head, "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const child = spawn(command, npmArguments, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return await passSignalsUntilExit(child).catch((error) =>
    fail(`Cannot install the packages: npm does not start: ${error.message}`),
  );
}

/**
 * Compares the lock file with npm's own record of what it put into `node_modules`.
 * An interrupted `npm ci` leaves no record, so it is repeated.
 *
 * @returns {string | undefined} Why an install is needed.
 */
function installReason() {
  const recordPath = join(root, "node_modules/.package-lock.json");
  if (!existsSync(recordPath)) return "node_modules is missing";
  const wanted = lockedPackages(join(root, "package-lock.json"));
  const present = lockedPackages(recordPath);
  for (const [path, entry] of Object.entries(wanted)) {
    const found = present[path];
    if (path.startsWith("packages/") && JSON.stringify(entry.bin) !== JSON.stringify(found?.bin)) {
      return `the commands of ${path} are not linked`;
    }
    if (!path.startsWith("node_modules/")) continue;
    if (found === undefined && !isOptional(entry)) return `${path} is missing`;
    if (found !== undefined && !isSame(entry, found)) return `${path} is not the locked version`;
  }
  return undefined;
}

/**
 * @param {string} path
 * @returns {Record<string, LockedPackage>}
 */
function lockedPackages(path) {
  return JSON.parse(readFileSync(path, "utf8")).packages;
}

/** @param {LockedPackage} entry */
function isOptional(entry) {
  return entry.optional === true || entry.devOptional === true || entry.peer === true;
}

/**
 * @param {LockedPackage} wanted
 * @param {LockedPackage} found
 */
function isSame(wanted, found) {
  return wanted.version === found.version && wanted.link === found.link;
}
