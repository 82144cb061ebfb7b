import type { Clock, Timer, Timers } from "../clock.ts";

/**
 * The one queue of a simulation, ordered by (virtual time, order of scheduling) (D2).
 *
 * Time stands still until {@link SimScheduler.advance}, {@link SimScheduler.step} or one of their
 * draining forms is called.
 *
 * @example
 * ```ts
 * const scheduler = new SimScheduler();
 * const node = createNode({ clock: new SimClock(scheduler), timers: new SimTimers(scheduler) });
 * scheduler.advance(1_000);
 * ```
 */
export class SimScheduler {
  /** A binary heap: no event is earlier than its parent at `(i - 1) >> 1`. */
  readonly #heap: SimEvent[] = [];
  #nowMillis = 0;
  #sequence = 0;
  #executed = 0;

  /** Virtual milliseconds since the start. */
  get nowMillis(): number {
    return this.#nowMillis;
  }

  /** How many events have run; for statistics and trace hashes. */
  get executed(): number {
    return this.#executed;
  }

  /** How many events wait, cancelled ones not counted. */
  get pending(): number {
    return this.#heap.reduce((count, event) => count + (event.isCancelled ? 0 : 1), 0);
  }

  /** Runs `callback` at `nowMillis + delayMillis`, after everything already scheduled for then. */
  schedule(delayMillis: number, callback: () => void): Timer {
    if (!(delayMillis >= 0)) throw new RangeError(`Invalid delay: ${delayMillis}`);
    const event: SimEvent = {
      atMillis: this.#nowMillis + delayMillis,
      sequence: this.#sequence++,
      callback,
      isCancelled: false,
    };
    this.#push(event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  /** Virtual time of the next event; undefined when none waits. */
  nextEventMillis(): number | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#pop();
    return this.#heap[0]?.atMillis;
  }

  /** Moves to the next event and runs it; false when none waits. */
  step(): boolean {
    if (this.nextEventMillis() === undefined) return false;
    const event = this.#pop();
    this.#nowMillis = event.atMillis;
    this.#executed++;
    event.callback();
    return true;
  }

  /** Runs all that falls due within the next `millis`, then stands at their end. */
  advance(millis: number): void {
    const end = this.#nowMillis + millis;
    while ((this.nextEventMillis() ?? Infinity) <= end) this.step();
    this.#nowMillis = end;
  }

  /** Runs events until `isOver` holds between two or none waits; promises are settled between. */
  drainUntil(isOver: () => boolean): Promise<void> {
    return inTurns(() => !isOver() && this.step());
  }

  /** As {@link SimScheduler.advance}, with promises settled before, between and after events. */
  async advanceAndDrain(millis: number): Promise<void> {
    const end = this.#nowMillis + millis;
    await inTurns(() => (this.nextEventMillis() ?? Infinity) <= end && this.step());
    this.#nowMillis = end;
  }

  #push(event: SimEvent): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = toEvent(heap, parentAt);
      if (!isBefore(event, parent)) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = event;
  }

  #pop(): SimEvent {
    const heap = this.#heap;
    const top = toEvent(heap, 0);
    const last = toEvent(heap, heap.length - 1);
    heap.pop();
    if (heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let childAt = 2 * at + 1;
      if (childAt >= heap.length) break;
      if (
        childAt + 1 < heap.length &&
        isBefore(toEvent(heap, childAt + 1), toEvent(heap, childAt))
      ) {
        childAt++;
      }
      const child = toEvent(heap, childAt);
      if (!isBefore(child, last)) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = last;
    return top;
  }
}

/** A clock of one simulated machine: may drift and its wall clock may jump (B13). */
export class SimClock implements Clock {
  readonly #scheduler: SimScheduler;
  readonly #rate: number;
  #wallOffsetMillis: number;

  /**
   * @param options.rate - Local milliseconds that pass in one virtual millisecond. @default 1
   * @param options.wallMillis - Wall time at virtual time 0. @default 1_800_000_000_000
   */
  constructor(
    scheduler: SimScheduler,
    options: { readonly rate?: number; readonly wallMillis?: number } = {},
  ) {
    this.#scheduler = scheduler;
    this.#rate = options.rate ?? 1;
    this.#wallOffsetMillis = options.wallMillis ?? 1_800_000_000_000;
  }

  /** Local milliseconds that pass in one virtual millisecond. */
  get rate(): number {
    return this.#rate;
  }

  monotonicMillis(): number {
    return this.#scheduler.nowMillis * this.#rate;
  }

  wallMillis(): number {
    return this.monotonicMillis() + this.#wallOffsetMillis;
  }

  /** Moves the wall clock, not the monotonic one; negative moves it back. */
  jumpWall(millis: number): void {
    this.#wallOffsetMillis += millis;
  }
}

/** Timers of one simulated process. */
export class SimTimers implements Timers {
  readonly #scheduler: SimScheduler;
  readonly #rate: number;
  readonly #live = new Set<Timer>();

  /** @param clock - Its rate stretches delays, as on a machine whose clock drifts. */
  constructor(scheduler: SimScheduler, clock?: SimClock) {
    this.#scheduler = scheduler;
    this.#rate = clock?.rate ?? 1;
  }

  setTimer(delayMillis: number, callback: () => void): Timer {
    const timer: Timer = this.#scheduler.schedule(delayMillis / this.#rate, () => {
      this.#live.delete(timer);
      callback();
    });
    this.#live.add(timer);
    return {
      cancel: () => {
        timer.cancel();
        this.#live.delete(timer);
      },
    };
  }

  setImmediate(callback: () => void): Timer {
    return this.setTimer(0, callback);
  }

  /** Cancels all timers, as the death of the process does. */
  cancelAll(): void {
    for (const timer of this.#live) timer.cancel();
    this.#live.clear();
  }
}

interface SimEvent {
  readonly atMillis: number;
  readonly sequence: number;
  readonly callback: () => void;
  isCancelled: boolean;
}

function toEvent(heap: readonly SimEvent[], index: number): SimEvent {
  const event = heap[index];
  if (event === undefined) throw new RangeError(`Invalid index: ${index}`);
  return event;
}

function isBefore(left: SimEvent, right: SimEvent): boolean {
  if (left.atMillis !== right.atMillis) return left.atMillis < right.atMillis;
  return left.sequence < right.sequence;
}

/** Kept from before a simulation forbids it to everybody else (D1). */
const inNextTurn = setImmediate;

/** Steps between two looks at the real event loop: signals must get through. */
const stepsPerTurn = 4096;

/**
 * Runs `step` until it returns false, with all promises settled before, between and after.
 *
 * A turn of the event loop settles them, too, but costs as much as a fifth of an event of a whole
 * cluster. Node's own end of a callback does the same work inside one turn.
 */
function inTurns(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const run = (): void => {
      try {
        for (let i = 0; i < stepsPerTurn; i++) {
          settlePromises();
          if (step()) continue;
          settlePromises();
          resolve();
          return;
        }
        inNextTurn(run);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    };
    inNextTurn(run);
  });
}

const settlePromises = toSettle(Reflect.get(process, "_tickCallback"));

/** What Node runs behind each callback: next ticks and microtasks, until none are left. */
function toSettle(tickCallback: unknown): () => void {
  if (typeof tickCallback !== "function") {
    throw new Error("Cannot settle promises: this Node has no process._tickCallback");
  }
  return tickCallback.bind(process) as () => void;
}
