import type { Random } from "../random.ts";

/**
 * Randomness that repeats: the same seed gives the same numbers on every machine.
 *
 * The generator is xoshiro128** by Blackman and Vigna, its state filled by SplitMix64. Streams are
 * split by name from the seed, not from the position, so one consumer that draws more or less does
 * not shift the others; a failing seed can then be shrunk (D2).
 *
 * @example
 * ```ts
 * const random = new SeededRandom(123n);
 * const disk = random.split("disk");
 * if (disk.chance(0.1)) failNextSync();
 * ```
 */
export class SeededRandom implements Random {
  /** What repeats everything drawn from this stream. */
  readonly seed: bigint;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** @param seed - Taken modulo 2^64. */
  constructor(seed: bigint) {
    this.seed = BigInt.asUintN(64, seed);
    const first = splitMix64(this.seed + goldenGamma);
    const second = splitMix64(this.seed + 2n * goldenGamma);
    this.#a = Number(first & 0xffffffffn) | 0;
    this.#b = Number(first >> 32n) | 0;
    this.#c = Number(second & 0xffffffffn) | 0;
    // The all-zero state is the one that xoshiro never leaves.
    this.#d = Number(second >> 32n) | 1;
  }

  /** An independent stream that depends on the seed and the name alone. */
  split(name: string): SeededRandom {
    let hash = splitMix64(this.seed ^ 0x5eed_5eed_5eed_5eedn);
    for (let i = 0; i < name.length; i++) {
      hash = splitMix64(hash ^ BigInt(name.charCodeAt(i)) ^ (BigInt(i) << 32n));
    }
    return new SeededRandom(hash);
  }

  nextInt(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`Invalid bound: ${bound}`);
    }
    // Values above the last whole multiple of the bound are drawn again: no bias.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = this.#nextUint32();
    while (value >= limit) value = this.#nextUint32();
    return value % bound;
  }

  nextBigUint64(): bigint {
    return (BigInt(this.#nextUint32()) << 32n) | BigInt(this.#nextUint32());
  }

  /** Uniform in `[0, 1)`, in steps of 2^-32. */
  nextFloat(): number {
    return this.#nextUint32() / 2 ** 32;
  }

  /** True with the given probability; 0 never, 1 always. */
  chance(probability: number): boolean {
    return this.nextFloat() < probability;
  }

  /** Uniform integer in `[first, last]`. */
  between(first: number, last: number): number {
    return first + this.nextInt(last - first + 1);
  }

  /** One of the items. @throws RangeError when there are none. */
  pick<T>(items: readonly T[]): T {
    return toItem(items, this.nextInt(items.length));
  }

  /** Puts the items in random order, in place (Fisher-Yates). */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.nextInt(i + 1);
      const item = toItem(items, i);
      items[i] = toItem(items, j);
      items[j] = item;
    }
    return items;
  }

  /** Random bytes. */
  nextBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#nextUint32() & 0xff;
    return bytes;
  }

  #nextUint32(): number {
    const times5 = Math.imul(this.#b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9);
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result >>> 0;
  }
}

function toItem<T>(items: readonly T[], index: number): T {
  if (index >= items.length) throw new RangeError(`Invalid index: ${index}`);
  return items[index] as T;
}

const goldenGamma = 0x9e3779b97f4a7c15n;

/** The output function of SplitMix64 (Steele, Lea, Flood 2014). */
function splitMix64(state: bigint): bigint {
  let z = BigInt.asUintN(64, state);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}
