/** Writes down what watchers see, and knows from where they would go on. */
import type { SeenEvent, WatchRecord, WatchStep, WatchWish } from "../history/watch-history.ts";

/** One watcher's record while it grows. */
export class WatchLog implements WatchRecord {
  readonly name: string;
  readonly wish: WatchWish;
  readonly isResumption: boolean;
  readonly steps: WatchStep[] = [];
  #next: number;
  #mayFragment = false;
  #isCancelled = false;

  constructor(name: string, wish: WatchWish, isResumption: boolean) {
    this.name = name;
    this.wish = wish;
    this.isResumption = isResumption;
    this.#next = wish.startRevision;
  }

  /** First revision that was not reported yet; 0 for "from the creation on". */
  get nextRevision(): number {
    return this.#next;
  }

  get mayFragment(): boolean {
    return this.#mayFragment;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** The server is asked for it. */
  asked(options: { readonly fragment: boolean }): void {
    this.#mayFragment = options.fragment;
  }

  created(atMillis: number, revision: number): void {
    this.steps.push({ kind: "created", atMillis, revision });
    if (this.#next === 0) this.#next = revision + 1;
  }

  events(atMillis: number, events: readonly SeenEvent[], isFragment: boolean): void {
    this.steps.push({ kind: "events", atMillis, events, isFragment });
    const last = events.at(-1)?.modRevision ?? 0;
    // A revision that is not whole is asked for again.
    this.#next = Math.max(this.#next, isFragment ? last : last + 1);
  }

  progress(atMillis: number, revision: number): void {
    this.steps.push({ kind: "progress", atMillis, revision });
    this.#next = Math.max(this.#next, revision + 1);
  }

  cancelled(
    atMillis: number,
    end: Omit<Extract<WatchStep, { readonly kind: "cancelled" }>, "kind" | "atMillis">,
  ): void {
    this.steps.push({ kind: "cancelled", atMillis, ...end });
    this.#isCancelled = true;
  }
}
