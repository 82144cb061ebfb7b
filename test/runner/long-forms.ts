/**
 * Variables of the environment that make tests longer. All of them stand here, since what a test
 * does for longer its file must also be given time for: the runner adds it to the limit of a file.
 */

/** What one variable makes longer. */
export interface LongForm {
  readonly name: string;
  /** What its value says; for the help text. */
  readonly meaning: string;
  /** Seconds that each unit of the value may take, in each test or in a whole file. */
  readonly seconds: number;
  readonly per: "test" | "file";
}

/** All of them; the seconds are limits for what hangs, not measurements. */
export const longForms: readonly LongForm[] = [
  perTest("QUORATE_FUZZ_SECONDS", "seconds of each fuzzer"),
  perTest("QUORATE_KILL_SECONDS", "seconds of each run of killed members"),
  perTest("QUORATE_STORM_SECONDS", "seconds of a storm of clients"),
  perTest("QUORATE_WEATHER_SECONDS", "seconds of bad network at random"),
  perFile("QUORATE_NETWORK_ROUNDS", "rounds of each table of network faults and pauses", 180),
  perFile("QUORATE_CORRUPT_ROUNDS", "times that pages are damaged", 60),
  perFile("QUORATE_KILL_EVERY", "1: at every file operation, not once at each kind", 14_400),
  perFile("QUORATE_WATCH_MEBIBYTES", "MiB written past a watcher that does not read", 1),
  perFile("QUORATE_SEEDS", "seeds of each schedule of the simulation", 180),
  perFile("QUORATE_COPY_SEEDS", "seeds of the copies of a store", 30),
  perFile("QUORATE_COPY_STEPS", "steps of each of those", 2),
];

/** Tells which value of a variable is no number above zero, in one sentence. */
export class LongFormError extends Error {
  override readonly name = "LongFormError";
}

/**
 * The value of a variable.
 *
 * @returns Undefined where it is not set.
 * @throws {@link LongFormError} where it is no number above zero.
 */
export function longFormValue(
  name: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number | undefined {
  const text = environment[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new LongFormError(`Cannot use ${name}="${text}": it is a number above zero`);
}

/**
 * Seconds that the variables that are set add to the limit of a file.
 *
 * @param fileText - The tests are counted in it. One that a loop makes again and again counts once.
 * @throws {@link LongFormError} where one of them is no number above zero.
 */
export function longFormSeconds(
  fileText: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): number {
  const tests = fileText.match(/^\s*(?:test|it|fuzz)(?:\.\w+)?\(/gm)?.length ?? 1;
  return longForms
    .map(({ name, seconds, per }) => {
      const value = longFormValue(name, environment) ?? 0;
      return value * seconds * (per === "test" ? tests : 1);
    })
    .reduce((sum, each) => sum + each, 0);
}

function perTest(name: string, meaning: string): LongForm {
  return { name, meaning, seconds: 1, per: "test" };
}

function perFile(name: string, meaning: string, seconds: number): LongForm {
  return { name, meaning, seconds, per: "file" };
}
