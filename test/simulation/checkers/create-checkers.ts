import type { Truth } from "../history/truth.ts";
import type { Plan } from "../plan/plan.ts";
import type { World } from "../world/world.ts";
import type { WorldObserver } from "../world/observer.ts";

/** All who judge a run. */
export interface Checkers {
  /** Those who see every step. */
  readonly observers: readonly WorldObserver[];
  /** Gives them what only the finished world has. Called before anything runs. */
  attach(world: World): void;
  /** What can only be judged at the end. @throws CheckFailure */
  finish(truth: Truth): void;
}

/** Makes the checkers of a run. */
export function createCheckers(_plan: Plan): Checkers {
  return { observers: [], attach: () => undefined, finish: () => undefined };
}
