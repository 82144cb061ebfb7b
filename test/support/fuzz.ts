/**
 * The budget of all fuzzers, and how a failure is repeated.
 *
 *     QUORATE_FUZZ_SECONDS=600 npm test -- fuzz      each fuzzer for ten minutes
 *     QUORATE_FUZZ_SEED=123 npm test -- wal.fuzz     the same inputs again
 *
 * All that reads bytes of somebody else has one (S11): protobuf of clients and of the log, unary
 * calls of every service, watches and renewals, messages, questions, promises, received states,
 * handshakes and settings of members, files of the log, pages of the database, rows of the registry
 * and queries for targets. JSON of clients and filters of rules are read by nothing yet: what comes
 * to read them brings its fuzzer along.
 */
import { randomInt } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { LongFormError, longFormValue } from "../runner/long-forms.ts";

/** How long each fuzzer runs where time bounds it; undefined where a number of runs does. */
export const fuzzSeconds: number | undefined = longFormValue("QUORATE_FUZZ_SECONDS");

/** Where inputs begin: of the environment, or drawn for this process. */
export const fuzzSeed: number = seedOf(process.env["QUORATE_FUZZ_SEED"]);

// Before all else: a file that is killed since it hangs says what it hung on.
console.log(`QUORATE_FUZZ_SEED=${fuzzSeed}`);

/** What repeats a failure; for messages. */
export function fuzzHint(failedSeed: number): string {
  return `repeat it by QUORATE_FUZZ_SEED=${failedSeed}`;
}

/** Inputs and how many of them a usual run tries. */
export interface Fuzz<Input> {
  readonly inputs: fc.Arbitrary<Input>;
  /** Tried without QUORATE_FUZZ_SECONDS; small, as all fuzzers together have less than a minute. */
  readonly runs: number;
}

/** A test that tries inputs until its budget is spent; a failure is shrunk and names its seed. */
export function fuzz<Input>(
  title: string,
  { inputs, runs }: Fuzz<Input>,
  check: (input: Input) => void | Promise<void>,
): void {
  test(title, async (context) => {
    let tried = 0;
    const property = fc.asyncProperty(inputs, async (input) => {
      tried++;
      await check(input);
    });
    const time =
      fuzzSeconds === undefined
        ? { numRuns: runs }
        : { numRuns: 2 ** 31 - 1, interruptAfterTimeLimit: fuzzSeconds * 1_000 };
    try {
      await fc.assert(property, { ...time, seed: fuzzSeed, includeErrorInReport: true });
    } catch (cause) {
      throw new Error(`Failed; ${fuzzHint(fuzzSeed)}: ${String(cause)}`, { cause });
    }
    context.diagnostic(`${tried} inputs from seed ${fuzzSeed}`);
  });
}

/** Bytes, short ones and small numbers mostly: these are lengths, counts and tags. */
export function fuzzBytes(lengthMax = 200): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.nat(255), fc.nat(40), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
  return fc.array(byte, { maxLength: lengthMax }).map((bytes) => Uint8Array.from(bytes));
}

/** One damage to a file or message. */
export type Damage =
  | { readonly kind: "flip"; readonly at: number; readonly bit: number }
  | { readonly kind: "set"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "repeat"; readonly at: number; readonly length: number }
  | { readonly kind: "zero"; readonly at: number; readonly length: number };

const place = fc.nat(2 ** 30);
const lie = fc.oneof(
  fuzzBytes(12),
  // Lengths and indexes that lie: huge, negative, all ones.
  fc.constantFrom([255, 255, 255, 255], [0, 0, 0, 128], [255, 255, 255, 127], [0, 0, 0, 64]),
  fc.constantFrom([255, 255, 255, 255, 255, 255, 255, 255], [0, 0, 0, 0, 0, 0, 0, 0]),
);

/** Damages; positions are taken modulo what there is. */
export const fuzzDamage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant("set" as const), at: place, bytes: lie.map(toBytes) }),
  fc.record({ kind: fc.constant("cut" as const), at: place }),
  fc.record({ kind: fc.constant("insert" as const), at: place, bytes: lie.map(toBytes) }),
  fc.record({ kind: fc.constant("repeat" as const), at: place, length: fc.nat(600) }),
  fc.record({ kind: fc.constant("zero" as const), at: place, length: fc.nat(5_000) }),
);

/** The bytes with a damage; the input is left as it is. */
export function damage(bytes: Uint8Array, { kind, ...how }: Damage): Buffer {
  const source = Buffer.from(bytes);
  const at = how.at % Math.max(1, source.length);
  const [before, after] = [source.subarray(0, at), source.subarray(at)];
  if (kind === "cut") return before;
  const given = "bytes" in how ? Buffer.from(how.bytes) : Buffer.alloc(0);
  const length = "length" in how ? how.length : 0;
  if (kind === "insert") return Buffer.concat([before, given, after]);
  if (kind === "repeat") return Buffer.concat([before, after.subarray(0, length), after]);
  if (kind === "zero") after.fill(0, 0, Math.min(length, after.length));
  if (kind === "set") given.copy(after);
  if (kind === "flip" && "bit" in how) source[at] = (source[at] ?? 0) ^ (1 << how.bit);
  return source;
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return randomInt(2 ** 31);
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new LongFormError(`Cannot use QUORATE_FUZZ_SEED="${text}": it is a number below 2^31`);
}

function toBytes(values: Uint8Array | readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}
