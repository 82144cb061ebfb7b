/** What a run of many seeds has come to, and how that is told. */
import { Coverage, type CoverageJson } from "./coverage.ts";

/** What is told of each seed. */
export interface SeedReport {
  readonly seed: string;
  readonly events: number;
  readonly virtualMillis: number;
  readonly coverage: CoverageJson;
  /** Undefined when every promise held. */
  readonly failure: { readonly message: string; readonly lines: readonly string[] } | undefined;
}

/** Sums over seeds. */
export class Summary {
  readonly #began = performance.now();
  readonly #coverage = Coverage.ofEverything();
  readonly #failed: string[] = [];
  #seeds = 0;
  #events = 0;
  #virtualMillis = 0;

  /** Seeds that were played to their end, or failed. */
  get seeds(): number {
    return this.#seeds;
  }

  /** Seeds that broke a promise or came to no end. */
  get failed(): readonly string[] {
    return this.#failed;
  }

  /** What was never reached or judged. */
  get holes(): readonly string[] {
    return this.#coverage.holes();
  }

  add({ seed, events, virtualMillis, coverage, failure }: SeedReport): void {
    this.#seeds += 1;
    this.#events += events;
    this.#virtualMillis += virtualMillis;
    this.#coverage.addAll(Coverage.fromJson(coverage));
    if (failure !== undefined) this.#failed.push(seed);
  }

  /** A seed that came to no end. */
  addLost(seed: string): void {
    this.#seeds += 1;
    this.#failed.push(seed);
  }

  /** One line. */
  short(): string {
    const seconds = (performance.now() - this.#began) / 1000;
    const hours = (this.#virtualMillis / 3_600_000).toFixed(1);
    return (
      `${this.#seeds} seeds, ${this.#events} events (${Math.round(this.#events / seconds)}/s), ` +
      `${hours} virtual hours in ${Math.round(seconds)} s, ${this.#failed.length} failures`
    );
  }

  /** Rare paths, those that were never reached first, what is missing, and one line of all. */
  lines(): readonly string[] {
    const paths = [...this.#coverage.counts("sometimes")].sort(([, one], [, other]) => one - other);
    const { holes } = this;
    return [
      ...paths.map(([name, count]) => `${String(count).padStart(8)} ${name}`),
      holes.length === 0 ? "never reached: nothing" : `never reached: ${holes.join("; ")}`,
      `${this.short()} | faults: ${this.#list("faults")} | ` +
        `promises checked: ${this.#list("promises")}`,
    ];
  }

  #list(group: "faults" | "promises"): string {
    const counts = this.#coverage.counts(group);
    return counts.map(([name, count]) => `${name} ${count}`).join(", ");
  }
}
