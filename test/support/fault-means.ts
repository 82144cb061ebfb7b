/**
 * What faults on real processes are made of: `strace`, small file systems, kernel namespaces.
 *
 * Not every machine lets a test have them: it is skipped there, or makes do with less, and says so.
 * `QUORATE_REQUIRE_FAULTS=1` is for machines that have all of them: what is missing is a failure
 * there, so that no run is green because it tested nothing.
 */

/**
 * The reason to skip a test, or to do with less.
 *
 * @param missing - Why a means cannot be had here; false when it can.
 * @throws Error with that reason where all means are required
 */
export function unlessRequired(missing: string | false): string | false {
  if (missing === false || process.env["QUORATE_REQUIRE_FAULTS"] !== "1") return missing;
  throw new Error(`Cannot test all faults, as QUORATE_REQUIRE_FAULTS=1 demands: ${missing}`);
}
