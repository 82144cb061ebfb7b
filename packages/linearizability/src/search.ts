/**
 * The search for an order: Wing and Gong's depth-first search ("Testing and Verifying Concurrent
 * Objects", 1993) with Lowe's memory of configurations ("Testing for Linearizability", 2017).
 *
 * A configuration is (set of operations that have a place, state). From it, every operation that
 * was called before the first return still open may come next. Where the model refuses all of them
 * the search goes back. Two orders of the same operations that end in the same state have the same
 * future, so a configuration is entered once.
 *
 * An operation without an answer may be placed anywhere after its call, or nowhere. With k of them
 * there are 2^k subsets, so one is placed only where it is of use: what comes right behind it must
 * see it. If the next operation leads to the same state without it, that order is reached anyway,
 * with the unanswered one still at hand, and that configuration can do all that this one can.
 *
 * The order is complete when all answered operations have a place.
 */
import { assert } from "./assert.ts";
import { EventList } from "./event-list.ts";
import { isCompleted, type Operation } from "./history.ts";
import type { Model } from "./model.ts";
import { PlacedSet } from "./placed-set.ts";

/** How far a search may go, shared by the parts of a history. */
export interface Budget {
  /** Attempts to place an operation so far. */
  steps: number;
  readonly stepsMax: number;
  /** Asked every 1,024 steps. */
  readonly shouldStop: () => boolean;
}

/** What a search has found. */
export type SearchResult<State, Input, Output> =
  | { readonly kind: "ok"; readonly order: readonly Operation<Input, Output>[] }
  | { readonly kind: "exhausted" }
  | { readonly kind: "illegal"; readonly furthest: Furthest<State, Input, Output> };

/** How far the best attempt came. */
export interface Furthest<State, Input, Output> {
  /** An order of all operations that returned before `blocked` did, and some that had begun. */
  readonly order: readonly Operation<Input, Output>[];
  /** The state behind it. */
  readonly state: State;
  /** The operation whose return no order can reach. */
  readonly blocked: Operation<Input, Output>;
}

/** Placed operations, the last one first. */
interface Path {
  readonly id: number;
  readonly before: Path | undefined;
}

/** A configuration on the way, and what has not been tried from it. */
interface Frame<State> {
  readonly state: State;
  /** Undefined at the beginning. */
  readonly path: Path | undefined;
  /** The state before an unanswered operation that was placed last; undefined behind any other. */
  readonly stateBefore: State | undefined;
  readonly candidates: readonly number[];
  tried: number;
}

/** One search through one part of a history. */
export class Search<State extends NonNullable<unknown>, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #budget: Budget;
  /** Answered ones by call time, then the others by call time. */
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #completedCount: number;
  readonly #events: EventList;
  readonly #placed: PlacedSet;
  readonly #entered = new Set<string>();
  readonly #frames: Frame<State>[] = [];
  #furthest: { readonly frame: Frame<State>; readonly blocked: number } | undefined;
  #furthestTime = Number.NEGATIVE_INFINITY;
  #furthestCount = -1;

  constructor(
    model: Model<State, Input, Output>,
    history: readonly Operation<Input, Output>[],
    budget: Budget,
  ) {
    this.#model = model;
    this.#budget = budget;
    const byCall = [...history].sort((one, other) => one.callTime - other.callTime);
    const completed = byCall.filter(isCompleted);
    const pending = byCall.filter((operation) => !isCompleted(operation));
    this.#operations = [...completed, ...pending];
    this.#completedCount = completed.length;
    this.#events = new EventList(this.#operations);
    this.#placed = new PlacedSet({ completed: completed.length, pending: pending.length });
  }

  /** Runs to its end, or to that of the budget. */
  run(): SearchResult<State, Input, Output> {
    this.#push(this.#model.initial, undefined, undefined);
    while (this.#placed.placedCompleted < this.#completedCount) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) {
        return { kind: "illegal", furthest: this.#report() };
      }
      const candidate = frame.candidates[frame.tried++];
      if (candidate === undefined) this.#goBack(frame);
      else if (this.#isSpent()) return { kind: "exhausted" };
      else this.#try(frame, candidate);
    }
    return { kind: "ok", order: this.#orderOf(this.#frames.at(-1)?.path) };
  }

  #isSpent(): boolean {
    const budget = this.#budget;
    budget.steps++;
    if (budget.steps > budget.stepsMax) return true;
    return budget.steps % 1_024 === 0 && budget.shouldStop();
  }

  #try(frame: Frame<State>, id: number): void {
    const state = this.#step(frame.state, id);
    if (state === undefined) return;
    const isPending = id >= this.#completedCount;
    const key = this.#model.stateKey(state);
    // An unanswered operation that changes nothing may as well be none.
    if (isPending && key === this.#model.stateKey(frame.state)) return;
    if (frame.stateBefore !== undefined) {
      const without = this.#step(frame.stateBefore, id);
      if (without !== undefined && this.#model.stateKey(without) === key) return;
    }
    this.#placed.add(id);
    const configuration = `${this.#placed.key()} ${key}`;
    if (this.#entered.has(configuration)) {
      this.#placed.remove(id);
      return;
    }
    this.#entered.add(configuration);
    this.#events.lift(id);
    this.#push(state, { id, before: frame.path }, isPending ? frame.state : undefined);
  }

  #step(state: State, id: number): State | undefined {
    const operation = this.#operationAt(id);
    return this.#model.step(state, operation.input, operation.output);
  }

  #push(state: State, path: Path | undefined, stateBefore: State | undefined): void {
    const candidates = this.#events.candidates();
    const frame: Frame<State> = { state, path, stateBefore, candidates, tried: 0 };
    this.#frames.push(frame);
    this.#noteFurthest(frame);
  }

  #goBack({ path }: Frame<State>): void {
    this.#frames.pop();
    if (path === undefined) return;
    this.#events.unlift(path.id);
    this.#placed.remove(path.id);
  }

  /** Remembers the attempt whose first open return is the latest, then the one that places most. */
  #noteFurthest(frame: Frame<State>): void {
    const blocked = this.#events.firstReturn();
    if (blocked === undefined) return;
    const time = this.#operationAt(blocked).returnTime ?? Number.POSITIVE_INFINITY;
    const count = this.#placed.placedCompleted;
    if (time < this.#furthestTime) return;
    if (time === this.#furthestTime && count <= this.#furthestCount) return;
    this.#furthestTime = time;
    this.#furthestCount = count;
    this.#furthest = { frame, blocked };
  }

  #report(): Furthest<State, Input, Output> {
    assert(this.#furthest !== undefined, "a search that fails was blocked somewhere");
    const { frame, blocked } = this.#furthest;
    return {
      order: this.#orderOf(frame.path),
      state: frame.state,
      blocked: this.#operationAt(blocked),
    };
  }

  #orderOf(last: Path | undefined): readonly Operation<Input, Output>[] {
    const order: Operation<Input, Output>[] = [];
    for (let path = last; path !== undefined; path = path.before) {
      order.push(this.#operationAt(path.id));
    }
    return order.reverse();
  }

  #operationAt(id: number): Operation<Input, Output> {
    const operation = this.#operations[id];
    assert(operation !== undefined, "operations are numbered from 0");
    return operation;
  }
}
