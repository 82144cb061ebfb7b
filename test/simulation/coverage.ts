import { checkedPromises } from "./coverage-promises.ts";
import { faultKinds } from "./plan/parse-plan.ts";
import { rarePaths } from "./rare-paths.ts";

/** What a run has reached: faults by kind, checks by promise, rare paths by name. */
export class Coverage {
  readonly #counts: Readonly<Record<CoverageGroup, Map<string, number>>> = {
    faults: new Map(),
    promises: new Map(),
    sometimes: new Map(),
  };

  /** Counts of 0 for every fault, promise and rare path that there is. */
  static ofEverything(): Coverage {
    const coverage = new Coverage();
    for (const kind of faultKinds) coverage.#add("faults", kind, 0);
    for (const name of checkedPromises) coverage.#add("promises", name, 0);
    for (const name of rarePaths) coverage.#add("sometimes", name, 0);
    return coverage;
  }

  /** Counts a fault that was carried out. */
  fault(kind: string): void {
    this.#add("faults", kind, 1);
  }

  /**
   * Counts checks of a promise that held.
   *
   * @param promise - One of `coverage-promises.ts`.
   */
  checked(promise: string, times: number = 1): void {
    this.#add("promises", promise, times);
  }

  /**
   * Counts a rare path that was reached, for `hasHappened`; others are noted with 0 (D12).
   *
   * @param name - One of `rare-paths.ts`, or a schedule's.
   */
  sometimes(name: string, hasHappened: boolean): void {
    this.#add("sometimes", name, hasHappened ? 1 : 0);
  }

  /** Counts of a group, in order of name. */
  counts(group: CoverageGroup): readonly (readonly [string, number])[] {
    return [...this.#counts[group]].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** Faults and rare paths that were never reached, promises that were never judged. */
  holes(): readonly string[] {
    const promises = this.counts("promises").map(([name, count]) => [`promise ${name}`, count]);
    const all = [...this.counts("faults"), ...promises, ...this.counts("sometimes")];
    return all.filter(([, count]) => count === 0).map(([name]) => String(name));
  }

  /** Adds what another run has reached. */
  addAll(other: Coverage): void {
    for (const group of groups) {
      for (const [name, count] of other.counts(group)) this.#add(group, name, count);
    }
  }

  /** A plain form that survives a process boundary. */
  toJson(): CoverageJson {
    return {
      faults: this.counts("faults"),
      promises: this.counts("promises"),
      sometimes: this.counts("sometimes"),
    };
  }

  /** The inverse of {@link Coverage.toJson}. */
  static fromJson(json: CoverageJson): Coverage {
    const coverage = new Coverage();
    for (const group of groups) {
      for (const [name, count] of json[group]) coverage.#add(group, name, count);
    }
    return coverage;
  }

  #add(group: CoverageGroup, name: string, count: number): void {
    const counts = this.#counts[group];
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
}

/** What is counted together. */
export type CoverageGroup = "faults" | "promises" | "sometimes";

/** Counts of all groups. */
export type CoverageJson = Readonly<Record<CoverageGroup, readonly (readonly [string, number])[]>>;

const groups: readonly CoverageGroup[] = ["faults", "promises", "sometimes"];
