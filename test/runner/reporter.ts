import { AssertionError } from "node:assert";
import { openSync, writeSync } from "node:fs";
import { inspect } from "node:util";
import type { TestEvent } from "node:test/reporters";
import { recordsVariable } from "./records-variable.ts";

/**
 * One finished test of one file, as the reporter writes it: a line of JSON each. A suite that is
 * skipped as a whole counts as one test: nothing is known of those in it.
 */
export interface TestRecord {
  readonly status: "passed" | "failed" | "skipped" | "todo";
  /** Title; titles of enclosing tests and suites are not part of it. */
  readonly name: string;
  /** 0 for a test at the top of its file. */
  readonly nesting: number;
  readonly durationMillis: number;
  /** Why it was skipped; absent where nobody says. */
  readonly reason?: string;
  /** Error with stack and diff; absent unless failed, and where only a subtest failed. */
  readonly error?: string;
}

interface FailureDetails {
  readonly cause?: unknown;
  readonly failureType?: string;
}

const write = writeSync;
const records = openSync(process.env[recordsVariable] ?? "/dev/null", "w");

/**
 * Reporter of one test process: turns the events of `node:test` into lines of {@link TestRecord}.
 * It opens its file before any test begins and writes by itself: a simulation refuses whoever opens
 * a file meanwhile, also the test runner's own streams.
 */
// eslint-disable-next-line no-restricted-syntax -- node:test loads a reporter by this name
export default async function* reporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    // A suite is no test; it is of interest only when its own hook failed, or when it was skipped.
    const isSuite = event.data.details.type === "suite";
    const error = event.type === "test:fail" ? failureText(event.data.details.error) : undefined;
    const status = statusOf(event);
    if (isSuite && error === undefined && status !== "skipped") continue;
    const { skip } = event.data;
    const record: TestRecord = {
      status,
      name: event.data.name,
      nesting: event.data.nesting,
      durationMillis: event.data.details.duration_ms,
      ...(typeof skip === "string" && skip !== "" ? { reason: skip } : {}),
      ...(error === undefined ? {} : { error }),
    };
    write(records, `${JSON.stringify(record)}\n`);
  }
  yield "";
}

function statusOf(
  event: Extract<TestEvent, { type: "test:pass" | "test:fail" }>,
): TestRecord["status"] {
  if (event.data.skip !== undefined && event.data.skip !== false) return "skipped";
  if (event.data.todo !== undefined && event.data.todo !== false) return "todo";
  return event.type === "test:pass" ? "passed" : "failed";
}

function failureText(error: Error): string | undefined {
  const details = error as FailureDetails;
  if (details.failureType === "subtestsFailed") return undefined;
  const cause = details.cause ?? error;
  if (cause instanceof AssertionError) return `${cause.message}\n${ownFrames(cause.stack)}`;
  return withoutInternals(inspect(cause, { depth: 6, colors: false }));
}

/** Frames of a stack that are in this repository: of a failed assertion nothing else is of use. */
function ownFrames(stack: string | undefined): string {
  return (stack?.split("\n") ?? [])
    .filter((line) => /^\s+at /.test(line) && !/node:|node_modules/.test(line))
    .join("\n");
}

function withoutInternals(text: string): string {
  return text.replace(/\n\s+at [^\n]*\(?node:(internal|async_hooks)[^\n]*/g, "");
}
