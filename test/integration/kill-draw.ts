/** Random choices of tests on real processes: printed, and repeated by `QUORATE_KILL_SEED`. */
import { NodeRandom } from "@quorate/platform";
import { SeededRandom } from "@quorate/platform/sim";

const seedText = process.env["QUORATE_KILL_SEED"];

/** A stream of choices; says which seed repeats it. The timing of processes it cannot repeat. */
export function drawChoices(name: string): SeededRandom {
  const seed = seedText === undefined ? new NodeRandom().nextBigUint64() : BigInt(seedText);
  console.log(`QUORATE_KILL_SEED=${seed}`);
  return new SeededRandom(seed).split(name);
}

/** So many different numbers below a bound. */
export function drawSome(random: SeededRandom, count: number, bound: number): readonly number[] {
  const left = Array.from({ length: bound }, (_, index) => index);
  return Array.from({ length: count }, () => {
    return left.splice(random.nextInt(left.length), 1)[0] ?? 0;
  });
}
