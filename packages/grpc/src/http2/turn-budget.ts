/** Something that waits for its turn. */
export interface TurnTaker {
  /** Called once for each time it was held, though what was held may be gone. Must not throw. */
  takeTurn(): void;
}

/** Time and turns of the event loop; tests bring their own. */
export interface TurnSource {
  /** Monotonic milliseconds. */
  now(): number;
  /** Calls back after all sockets that are ready now, and before any that become so later. */
  setImmediate(callback: () => void): void;
}

/** Settings of a {@link TurnBudget}. */
export interface TurnBudgetOptions {
  /** How long what sockets bring may be worked on before everything else gets a turn. */
  readonly turnMillis: number;
  /** Bytes that may be held; beyond them nothing waits, whatever the time. */
  readonly heldBytesMax: number;
}

/**
 * Five milliseconds: what is read in a turn is mostly handled by a later stage in one piece, which
 * costs up to six times as much.
 */
const defaultOptions: TurnBudgetOptions = { turnMillis: 5, heldBytesMax: 67_108_864 };

const nodeTurns: TurnSource = {
  now: () => performance.now(),
  setImmediate: (callback) => void setImmediate(callback),
};

/**
 * Keeps a burst on many sockets from standing in the way of timers, disk and consensus.
 *
 * The event loop hands over all that is ready on all sockets before it looks at anything else. So
 * what comes later than a few milliseconds after the first is held here, and worked off in slices:
 *
 * ```
 * sockets: c c c c c │ h h h h h h h      sockets: c c │ h      sockets:
 *          ← 5 ms →  held                                                    c = chunk handled
 *                           rest of the loop, slice      rest, slice         h = chunk held
 * ```
 *
 * In a new turn what comes is handled at once again, beside the slices, so that a caller who comes
 * late does not stand behind the burst.
 */
export class TurnBudget {
  readonly #options: TurnBudgetOptions;
  readonly #source: TurnSource;
  readonly #run = (): void => this.#slice();
  readonly #work = new Backlog();
  readonly #farewells = new Backlog();
  #heldBytes = 0;
  /** When the present turn's time is over; may lie in a turn that is. */
  #endMillis = 0;
  /** Whether the end of the present turn will be noticed. */
  #isArmed = false;

  constructor(options: TurnBudgetOptions = defaultOptions, source: TurnSource = nodeTurns) {
    this.#options = options;
    this.#source = source;
  }

  /** Whether what comes at this time has to be held. */
  // Hot: for each chunk; turns are only looked for once in `turnMillis`.
  isSpent(nowMillis: number): boolean {
    return nowMillis >= this.#endMillis && !this.#begin(nowMillis);
  }

  /** Lets work wait for a later turn. */
  hold(taker: TurnTaker, bytes: number): void {
    this.#heldBytes += bytes;
    this.#work.push(taker);
  }

  /** Gives back the bytes of {@link TurnBudget.hold}; the taker's turn comes all the same. */
  release(bytes: number): void {
    this.#heldBytes -= bytes;
  }

  /** As {@link TurnBudget.hold}, in a line of its own: work need not wait for those who leave. */
  holdFarewell(taker: TurnTaker): void {
    this.#farewells.push(taker);
  }

  /** @returns False if the time of the present turn is over, and more can be held. */
  #begin(nowMillis: number): boolean {
    if (this.#isArmed) return this.#heldBytes >= this.#options.heldBytesMax;
    this.#arm(nowMillis);
    return true;
  }

  #arm(nowMillis: number): void {
    this.#isArmed = true;
    this.#endMillis = nowMillis + this.#options.turnMillis;
    this.#source.setImmediate(this.#run);
  }

  /** Takes of both lines in turn, until the time is over. */
  #slice(): void {
    this.#isArmed = false;
    if (this.#isEmpty()) return;
    const endMillis = this.#source.now() + this.#options.turnMillis;
    try {
      do {
        this.#work.shift()?.takeTurn();
        this.#farewells.shift()?.takeTurn();
      } while (!this.#isEmpty() && this.#source.now() < endMillis);
    } finally {
      if (!this.#isEmpty()) this.#arm(this.#source.now());
    }
  }

  #isEmpty(): boolean {
    return this.#work.isEmpty && this.#farewells.isEmpty;
  }
}

/** First in, first out. */
class Backlog {
  #in: TurnTaker[] = [];
  #out: TurnTaker[] = [];
  #next = 0;

  get isEmpty(): boolean {
    return this.#in.length === 0 && this.#next === this.#out.length;
  }

  push(taker: TurnTaker): void {
    this.#in.push(taker);
  }

  shift(): TurnTaker | undefined {
    if (this.#next === this.#out.length) {
      this.#out = this.#in;
      this.#in = [];
      this.#next = 0;
    }
    const taker = this.#out[this.#next];
    if (taker !== undefined) this.#next += 1;
    return taker;
  }
}
