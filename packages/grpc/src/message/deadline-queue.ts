import type { Clock, Timer, Timers } from "@quorate/platform";

/**
 * The deadlines of all calls of a server on one timer: a hierarchical timing wheel (Varghese and
 * Lauck, 1987).
 *
 * Time runs in ticks of 5 ms. A deadline lies in the slot of its tick on the first wheel if it is
 * fewer than 256 ticks away, else on the second in a slot of 256 ticks, and so on; when time
 * reaches such a slot, its deadlines move to the wheel before it.
 *
 * ```
 *   wheel 0   [ . . a . . b ]   slots of 1 tick             up to 1.28 s away
 *   wheel 1   [ . c . . . . ]   slots of 256 ticks          up to 5.5 min
 *   wheel 2   [ . . . . d . ]   slots of 256 * 256 ticks    up to 23 h
 *   wheel 3                                                 up to 248 days, and all beyond
 * ```
 *
 * Slots are rings of entries linked both ways, so that adding and removing touch two neighbours and
 * a removed entry leaves nothing behind.
 */

/** Told when its deadline has passed, unless it was removed before. Must not throw. */
export interface DeadlineOwner {
  onDeadline(): void;
}

/** A deadline in a {@link DeadlineQueue}; only that class looks into it. */
export class Deadline {
  /** Undefined in the heads of slots only. @internal */
  readonly owner: DeadlineOwner | undefined;
  /** First tick at which the deadline has passed. @internal */
  readonly tick: number;
  /** Neighbours in the ring of the slot; itself when in none. @internal */
  previous: Deadline = this;
  /** @internal */
  next: Deadline = this;

  /** @internal */
  constructor(owner: DeadlineOwner | undefined, tick: number) {
    this.owner = owner;
    this.tick = tick;
  }
}

/** What a {@link DeadlineQueue} needs from its owner. */
export interface DeadlineQueueDependencies {
  readonly clock: Pick<Clock, "monotonicMillis">;
  readonly timers: Timers;
}

const tickMillis = 5;
const slotBits = 8;
const slotCount = 1 << slotBits;
const slotMask = slotCount - 1;
const wheelCount = 4;
/** Owners told in one turn; ten thousand calls that end together must not hold up the rest. */
const ownersPerTurnMax = 500;

/**
 * Tells owners that their deadline has passed: never early, and less than 10 ms late as far as the
 * event loop allows.
 *
 * @remarks `add` and `remove` are O(1) without a clock or a timer of their own. The timer is left
 * running when deadlines are removed, because the next call will need it again.
 */
export class DeadlineQueue {
  readonly #dependencies: DeadlineQueueDependencies;
  readonly #slots: readonly Deadline[];
  /** Those that have passed and whose owners have not been told. */
  readonly #due = new Deadline(undefined, 0);
  #size = 0;
  /** All slots up to this tick are empty on the first wheel. */
  #tick = 0;
  /** When the timer wakes; infinite without one. */
  #wakeTick = Number.POSITIVE_INFINITY;
  #timer: Timer | undefined;

  constructor(dependencies: DeadlineQueueDependencies) {
    this.#dependencies = dependencies;
    this.#slots = Array.from({ length: wheelCount * slotCount }, () => new Deadline(undefined, 0));
  }

  /** Deadlines in the queue. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a deadline.
   *
   * @param millis - On the monotonic clock; one that has passed is told soon, not at once.
   */
  add(millis: number, owner: DeadlineOwner): Deadline {
    if (this.#size === 0) this.#tick = this.#tickNow();
    const deadline = new Deadline(owner, Math.ceil(millis / tickMillis));
    this.#size += 1;
    this.#place(deadline);
    const tick = Math.max(deadline.tick, this.#tick + 1);
    if (tick < this.#wakeTick) this.#wakeAt(Math.min(tick, this.#nextTurn()));
    return deadline;
  }

  /** Removes a deadline; one that was told or removed before is ignored. */
  remove(deadline: Deadline): void {
    if (deadline.next === deadline) return;
    unlink(deadline);
    this.#size -= 1;
  }

  /** Forgets all deadlines and stops the timer. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
    for (const head of this.#slots) clear(head);
    clear(this.#due);
    this.#size = 0;
  }

  #tickNow(): number {
    return Math.floor(this.#dependencies.clock.monotonicMillis() / tickMillis);
  }

  /** The next tick at which a slot of the second wheel, if not a later one, moves. */
  #nextTurn(): number {
    return (Math.floor(this.#tick / slotCount) + 1) * slotCount;
  }

  #place(deadline: Deadline): void {
    const tick = Math.max(deadline.tick, this.#tick + 1);
    let wheel = 0;
    let slot = tick;
    // Slots are compared, not ticks: one less than 256 slots ahead is not the one time is in.
    let now = this.#tick;
    while (slot - now >= slotCount && wheel < wheelCount - 1) {
      slot = Math.floor(slot / slotCount);
      now = Math.floor(now / slotCount);
      wheel += 1;
    }
    // Beyond the last wheel any slot will do: time reaches it early, and it is placed once more.
    const head = this.#slots[wheel * slotCount + (slot % slotCount)];
    if (head !== undefined) link(deadline, head);
  }

  #wakeAt(tick: number): void {
    this.#timer?.cancel();
    this.#wakeTick = tick;
    const { clock, timers } = this.#dependencies;
    const delayMillis = Math.max(0, tick * tickMillis - clock.monotonicMillis());
    this.#timer = timers.setTimer(delayMillis, () => this.#wake());
  }

  #wake(): void {
    this.#timer = undefined;
    this.#wakeTick = Number.POSITIVE_INFINITY;
    if (this.#size === 0) return;
    const now = this.#tickNow();
    while (this.#tick < now) {
      this.#tick += 1;
      if (this.#tick % slotCount === 0) this.#turn();
      const head = this.#slots[this.#tick & slotMask];
      if (head !== undefined) moveAll(head, this.#due);
    }
    this.#tellSome();
  }

  /** Moves the slots that time has reached on later wheels to the wheels before them. */
  #turn(): void {
    let slot = this.#tick;
    for (let wheel = 1; wheel < wheelCount; wheel += 1) {
      slot = Math.floor(slot / slotCount);
      const head = this.#slots[wheel * slotCount + (slot % slotCount)];
      if (head !== undefined) this.#spread(head);
      if (slot % slotCount !== 0) return;
    }
  }

  #spread(head: Deadline): void {
    const moved = new Deadline(undefined, 0);
    moveAll(head, moved);
    while (moved.next !== moved) {
      const deadline = moved.next;
      unlink(deadline);
      if (deadline.tick <= this.#tick) link(deadline, this.#due);
      else this.#place(deadline);
    }
  }

  #tellSome(): void {
    for (let told = 0; told < ownersPerTurnMax; told += 1) {
      const deadline = this.#due.next;
      if (deadline === this.#due) break;
      unlink(deadline);
      this.#size -= 1;
      deadline.owner?.onDeadline();
    }
    if (this.#due.next !== this.#due) {
      this.#timer?.cancel();
      this.#wakeTick = this.#tick;
      this.#timer = this.#dependencies.timers.setImmediate(() => this.#wake());
    } else if (this.#size > 0) {
      const tick = this.#firstTick();
      if (tick < this.#wakeTick) this.#wakeAt(tick);
    }
  }

  /** The next tick at which something is to be done. */
  #firstTick(): number {
    const turn = this.#nextTurn();
    for (let tick = this.#tick + 1; tick < turn; tick += 1) {
      const head = this.#slots[tick & slotMask];
      if (head !== undefined && head.next !== head) return tick;
    }
    return turn;
  }
}

/** Puts a deadline at the end of a ring. */
function link(deadline: Deadline, head: Deadline): void {
  deadline.previous = head.previous;
  deadline.next = head;
  head.previous.next = deadline;
  head.previous = deadline;
}

function unlink(deadline: Deadline): void {
  deadline.previous.next = deadline.next;
  deadline.next.previous = deadline.previous;
  deadline.previous = deadline;
  deadline.next = deadline;
}

/** Puts all of one ring at the end of another. */
function moveAll(from: Deadline, to: Deadline): void {
  if (from.next === from) return;
  from.next.previous = to.previous;
  from.previous.next = to;
  to.previous.next = from.next;
  to.previous = from.previous;
  from.next = from;
  from.previous = from;
}

function clear(head: Deadline): void {
  while (head.next !== head) unlink(head.next);
}
