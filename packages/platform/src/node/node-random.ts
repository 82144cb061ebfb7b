import { randomFillSync } from "node:crypto";
import type { Random } from "../random.ts";

/** Randomness of the system's cryptographic generator, drawn in blocks of 4 KiB. */
export class NodeRandom implements Random {
  readonly #words = new Uint32Array(1024);
  #next = this.#words.length;

  nextInt(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`Invalid bound: ${bound}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = this.#nextUint32();
    while (value >= limit) value = this.#nextUint32();
    return value % bound;
  }

  nextBigUint64(): bigint {
    return (BigInt(this.#nextUint32()) << 32n) | BigInt(this.#nextUint32());
  }

  #nextUint32(): number {
    if (this.#next === this.#words.length) {
      randomFillSync(this.#words);
      this.#next = 0;
    }
    const value = this.#words[this.#next] ?? 0;
    // A word that was handed out must not stay in memory.
    this.#words[this.#next++] = 0;
    return value;
  }
}
