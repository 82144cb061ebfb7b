// A map from 64-bit ids to records for those who meet ids as two halves of 32 bits, as on the wire.
// A `Map<bigint>` wants a bigint made for each look-up, and follows a chain of three objects to
// compare it; here a look-up reads one pair of integers and one reference.
//
// Open addressing with linear probing. An entry stands at the place its hash names or behind it,
// with no gap in between; so removing one moves later entries of its run into the gap, and nothing
// is left that could pile up:
//
//     places  4  5  6  7          a and c hash to 4, b to 5
//             a  b  c  -          remove a: b may not leave 5, c may go back to 4
//             c  b  -  -
//
// The halves of a free place are 0, which is no id. As `Map<bigint>`, it knows no secret: who
// chooses ids in order to make them collide makes look-ups slower.
import { assert } from "./assert.ts";

const placesMin = 16;
const view = new DataView(new ArrayBuffer(8));

/** Upper 32 bits of a 64-bit id, as a signed integer. */
export function highOfId(id: bigint): number {
  view.setBigInt64(0, id);
  return view.getInt32(0);
}

/** Lower 32 bits of a 64-bit id, as a signed integer. */
export function lowOfId(id: bigint): number {
  view.setBigInt64(0, id);
  return view.getInt32(4);
}

/** The signed 64-bit id of two halves. */
export function idOfHalves(high: number, low: number): bigint {
  view.setInt32(0, high);
  view.setInt32(4, low);
  return view.getBigInt64(0);
}

/**
 * Records by id; any id but 0. Halves are signed integers of 32 bits.
 *
 * @remarks Holds 32 to 128 bytes for each entry, and 256 at least.
 */
// Hot: one look-up for each renewal of a lease.
export class IdTable<Value> {
  #size = 0;
  #mask = placesMin - 1;
  /** High and low half of each place. */
  #halves = new Int32Array(2 * placesMin);
  #values: (Value | undefined)[] = freePlaces(placesMin);

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** Number of places; see {@link IdTable.at}. */
  get places(): number {
    return this.#values.length;
  }

  /** What stands at a place in [0, places), if anything: for walks that last several turns. */
  at(place: number): Value | undefined {
    return this.#values[place];
  }

  /** The value of an id. */
  get(high: number, low: number): Value | undefined {
    return this.#values[this.#find(high, low)];
  }

  /** Sets the value of an id, which is not 0. Amortised O(1). */
  set(high: number, low: number, value: Value): void {
    assert(high !== 0 || low !== 0, "an id in a table is not 0");
    const place = this.#find(high, low);
    const isNew = this.#values[place] === undefined;
    this.#put(place, high, low, value);
    if (!isNew) return;
    this.#size += 1;
    if (2 * this.#size > this.#values.length) this.#resize(2 * this.#values.length);
  }

  /** Removes an id; false when it is unknown. Entries may move to earlier places. */
  delete(high: number, low: number): boolean {
    const place = this.#find(high, low);
    if (this.#values[place] === undefined) return false;
    this.#size -= 1;
    this.#closeGap(place);
    const places = this.#values.length;
    if (8 * this.#size < places && places > placesMin) this.#resize(places / 2);
    return true;
  }

  /** Removes all. */
  clear(): void {
    this.#size = 0;
    this.#allocate(placesMin);
  }

  /** The place of an id, or the free one where it would stand. */
  #find(high: number, low: number): number {
    const halves = this.#halves;
    const mask = this.#mask;
    let place = hash(high, low) & mask;
    for (;;) {
      const otherHigh = halves[2 * place];
      const otherLow = halves[2 * place + 1];
      if (otherLow === low && otherHigh === high) return place;
      if (otherLow === 0 && otherHigh === 0) return place;
      place = (place + 1) & mask;
    }
  }

  #put(place: number, high: number, low: number, value: Value | undefined): void {
    this.#halves[2 * place] = high;
    this.#halves[2 * place + 1] = low;
    this.#values[place] = value;
  }

  /** Frees a place and moves entries behind it there, if they may stand that early. */
  #closeGap(free: number): void {
    const mask = this.#mask;
    let gap = free;
    let place = gap;
    for (;;) {
      place = (place + 1) & mask;
      const value = this.#values[place];
      if (value === undefined) break;
      const high = this.#halves[2 * place] ?? 0;
      const low = this.#halves[2 * place + 1] ?? 0;
      const wanted = hash(high, low) & mask;
      if (((place - wanted) & mask) < ((place - gap) & mask)) continue;
      this.#put(gap, high, low, value);
      gap = place;
    }
    this.#put(gap, 0, 0, undefined);
  }

  #resize(places: number): void {
    const halves = this.#halves;
    const values = this.#values;
    this.#allocate(places);
    for (let from = 0; from < values.length; from += 1) {
      const value = values[from];
      if (value === undefined) continue;
      const high = halves[2 * from] ?? 0;
      const low = halves[2 * from + 1] ?? 0;
      this.#put(this.#find(high, low), high, low, value);
    }
  }

  #allocate(places: number): void {
    this.#mask = places - 1;
    this.#halves = new Int32Array(2 * places);
    this.#values = freePlaces(places);
  }
}

/** Filled, so that V8 keeps it as a plain array whatever its size. */
function freePlaces<Value>(places: number): (Value | undefined)[] {
  return new Array<Value | undefined>(places).fill(undefined);
}

/** Spreads ids that count up, or differ in one half only, over all 32 bits (as MurmurHash3). */
function hash(high: number, low: number): number {
  let mixed = Math.imul(high, 0x9e3779b1) ^ low;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
