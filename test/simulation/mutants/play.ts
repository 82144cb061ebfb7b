/** One play in search of a planted bug. */
import type { Focus } from "../plan/focus.ts";

/** A schedule with the chances of a seed, or the plan that a seed draws. */
export interface Play {
  readonly seed: string;
  /** Name of the schedule. @default none: a drawn plan */
  readonly schedule?: string | undefined;
  /** Theme of the drawn plan. @default as the seed draws it */
  readonly focus?: Focus | undefined;
}

/** A play in words: `seed 7 of focus reads`. */
export function describePlay({ seed, schedule, focus }: Play): string {
  if (schedule !== undefined) return `schedule "${schedule}" with seed ${seed}`;
  return focus === undefined ? `seed ${seed}` : `seed ${seed} of focus ${focus}`;
}

/** What is typed to see it again with the bug planted. */
export function commandOf(mutant: string, { seed, schedule, focus }: Play): string {
  const words = ["npm run mutants -- --replay", mutant];
  if (schedule !== undefined) words.push("--schedule", quoted(schedule));
  if (focus !== undefined) words.push("--focus", focus);
  return [...words, "--seed", seed].join(" ");
}

/** A text as one word of a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
