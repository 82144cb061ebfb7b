/**
 * Which configuration is in force at which index.
 *
 * A configuration is in force from the moment its entry is in the log, committed or not (thesis
 * §4.1). So when the tail of the log is overwritten, the configuration before it comes back:
 *
 * ```
 *   base 5: {1 2 3}    9: {1 2 3 4}    <- entry 9 in force, not yet committed
 *   overwritten from 9: {1 2 3} is in force again
 * ```
 *
 * At most one uncommitted change exists, so the list is short: base, and what compaction has not
 * yet swallowed.
 */
import { assert } from "./assert.ts";
import type { Configuration } from "./configuration.ts";

interface Change {
  readonly index: number;
  readonly configuration: Configuration;
}

/** The configurations of a log, by index. */
export class ConfigurationHistory {
  #base: Change;
  /** Ascending by index, all above the base. */
  #changes: Change[] = [];

  constructor(index: number, configuration: Configuration) {
    this.#base = { index, configuration };
  }

  /** In force now. */
  get latest(): Configuration {
    return (this.#changes.at(-1) ?? this.#base).configuration;
  }

  /** Index of the entry that brought {@link latest}; the base when there is none since. */
  get latestIndex(): number {
    return (this.#changes.at(-1) ?? this.#base).index;
  }

  /** In force just before {@link latest}; the same one when the log holds no older. */
  get previous(): Configuration {
    if (this.#changes.length === 0) return this.#base.configuration;
    return (this.#changes.at(-2) ?? this.#base).configuration;
  }

  /** In force at `index`, which is at or above the base. */
  at(index: number): Configuration {
    assert(index >= this.#base.index, "configuration is asked for below the compacted index");
    return (this.#changes.findLast((change) => change.index <= index) ?? this.#base).configuration;
  }

  /** Puts a configuration in force from `index` on. */
  append(index: number, configuration: Configuration): void {
    assert(index > this.latestIndex, "configurations are appended in ascending order");
    this.#changes.push({ index, configuration });
  }

  /** Takes back every configuration at `index` or after it. */
  truncateFrom(index: number): void {
    this.#changes = this.#changes.filter((change) => change.index < index);
  }

  /** Forgets what was in force before `index`. */
  compactThrough(index: number): void {
    this.#base = { index, configuration: this.at(index) };
    this.#changes = this.#changes.filter((change) => change.index > index);
  }

  /** Starts over from a snapshot. */
  reset(index: number, configuration: Configuration): void {
    this.#base = { index, configuration };
    this.#changes = [];
  }
}
