// Loaded before anything else and by any Node: plain syntax and old imports only.
import { readFileSync } from "fs";

const packageUrl = new URL("../package.json", import.meta.url);

/**
 * Compares a Node version with the range the repository states in `engines.node`.
 *
 * @param {string} version - As in `process.versions.node`, for example `20.20.2`.
 * @param {string} range - Of the form `>=20.19`; no other form is used here.
 * @returns {boolean} Whether the version is at or above the range's bound.
 */
export function satisfiesNodeRange(version, range) {
  const bound = range
    .replace(/^>=\s*/, "")
    .split(".")
    .map(Number);
  const actual = version.split(".").map(Number);
  for (let part = 0; part < bound.length; part += 1) {
    const difference = (actual[part] || 0) - (bound[part] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** Ends the process with one sentence and code 1 when this Node is too old for the repository. */
export function requireNode() {
  const range = JSON.parse(readFileSync(packageUrl, "utf8")).engines.node;
  const version = process.versions.node;
  if (satisfiesNodeRange(version, range)) return;
  console.error(
    `Cannot run on Node ${version}: Quorate needs Node ${range} (see https://nodejs.org).`,
  );
  process.exit(1);
}

requireNode();
