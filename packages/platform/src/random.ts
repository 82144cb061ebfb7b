/** A source of randomness that a simulator can seed. */
export interface Random {
  /** Uniform in `[0, bound)`; `bound` is an integer in `[1, 2^32]`. */
  nextInt(bound: number): number;
  /** Uniform 64-bit value in `[0, 2^64)`. */
  nextBigUint64(): bigint;
}
