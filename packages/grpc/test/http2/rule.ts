import assert from "node:assert/strict";
import { encodeFields, requestFields } from "./field-block.ts";
import {
  data,
  errorName,
  type ErrorName,
  Flag,
  FrameType,
  grpcMessage,
  headers,
  preface,
  settings,
} from "./frames.ts";
import { RawClient } from "./raw-client.ts";
import { paths, type TestServer, type TestServerOptions } from "./test-server.ts";

/** What a rule sends: bytes, or work that waits for answers in between. */
export type Step = Buffer | ((client: RawClient) => Promise<void>);

/** What has to come back; in all cases other connections go on being served. */
export type Expectation =
  /** GOAWAY with one of the codes, then the close of the connection. */
  | { readonly kind: "connection-error"; readonly codes: readonly ErrorName[] }
  /** The close of the connection, with GOAWAY or without. */
  | { readonly kind: "closed" }
  /** RST_STREAM with one of the codes; the connection goes on being served. */
  | {
      readonly kind: "stream-error";
      readonly stream: number;
      readonly codes: readonly ErrorName[];
    }
  /** No error of any kind: the connection goes on being served. */
  | { readonly kind: "served" }
  /** As `served`, and a gRPC status on a stream. */
  | { readonly kind: "answered"; readonly stream: number; readonly status: string }
  /** As `served`, and an HTTP status on a stream. */
  | { readonly kind: "http"; readonly stream: number; readonly statuses: readonly string[] }
  | { readonly kind: "any"; readonly of: readonly Expectation[] };

/** One thing that RFC 9113 asks of a server. */
export interface Rule {
  /** Number of the section that states it. */
  readonly section: string;
  /** What it says, in our words. */
  readonly rule: string;
  readonly send: readonly Step[];
  readonly expect: Expectation;
  /** Sends nothing before the steps: no preface, no SETTINGS. */
  readonly isBare?: boolean;
  /** Identifiers and values of the client's first SETTINGS. */
  readonly settings?: readonly (readonly [number, number])[];
  /** No further stream can be opened after the steps. */
  readonly isLast?: boolean;
}

/** A rule that takes more than bytes and an answer. */
export interface ScriptedRule {
  readonly section: string;
  readonly rule: string;
  /** Options of a server of its own. */
  readonly options?: TestServerOptions;
  script(server: TestServer): Promise<void>;
}

/** Stream of the call that shows that a connection is still served; above those of all rules. */
const canaryStream = 0x10001;

/** {@link Expectation} of a connection error. */
export function connectionError(...codes: readonly ErrorName[]): Expectation {
  return { kind: "connection-error", codes };
}

/** {@link Expectation} of a stream error. */
export function streamError(stream: number, ...codes: readonly ErrorName[]): Expectation {
  return { kind: "stream-error", stream, codes };
}

/** {@link Expectation} of an answer with a gRPC status; OK by default. */
export function answered(stream: number, status = "0"): Expectation {
  return { kind: "answered", stream, status };
}

/** {@link Expectation} that nothing happens. */
export const served: Expectation = { kind: "served" };

/** The specification leaves a choice. */
export function anyOf(...of: readonly Expectation[]): Expectation {
  return { kind: "any", of };
}

/** Field block of a gRPC request; see {@link requestFields}. */
export function block(
  path: string = paths.echo,
  changes: Readonly<Record<string, string | undefined>> = {},
): Buffer {
  return encodeFields(requestFields(path, changes));
}

/** A whole unary call. */
export function call(
  stream: number,
  path: string = paths.echo,
  changes: Readonly<Record<string, string | undefined>> = {},
): Buffer {
  const message = data(stream, grpcMessage("hello"), { endStream: true });
  return Buffer.concat([headers(stream, block(path, changes)), message]);
}

/** Opens a stream that stays open on both sides. */
export function opened(stream: number): Buffer {
  return headers(stream, block(paths.chat));
}

/** Waits for the whole answer on a stream. */
export function untilAnswered(stream: number): Step {
  return async (client) => {
    await client.answer(stream);
  };
}

/** Waits until the server has reset a stream. */
export function untilReset(stream: number): Step {
  return async (client) => {
    await client.expectType(FrameType.rstStream, stream);
  };
}

/** Sends the steps of a rule and judges what comes back. */
export async function checkRule(rule: Rule, server: TestServer): Promise<void> {
  const client = new RawClient(server.port);
  try {
    if (rule.isBare !== true) {
      client.send(preface, settings(...(rule.settings ?? [])));
      await client.expectType(FrameType.settings);
      await client.expect("the acknowledgement of SETTINGS", ({ type, flags }) => {
        return type === FrameType.settings && (flags & Flag.ack) !== 0;
      });
    }
    for (const step of rule.send) {
      if (typeof step === "function") await step(client);
      else client.send(step);
    }
    const outcome = await settle(client, rule);
    const problem = await mismatch(rule.expect, client, outcome);
    if (problem !== undefined) assert.fail(`${problem}\nThe server: ${outcome.text}`);
  } finally {
    await client.destroy();
  }
}

interface Outcome {
  /** Code of a GOAWAY with an error. */
  readonly goAway: string | undefined;
  readonly isClosed: boolean;
  /** Streams that were reset, and why. */
  readonly resets: ReadonlyMap<number, string>;
  readonly text: string;
}

/** Waits until the server has had its say: a further call is answered, or the connection ends. */
async function settle(client: RawClient, rule: Rule): Promise<Outcome> {
  let failure: unknown;
  try {
    if (rule.isLast === true) await client.barrier();
    else {
      client.send(call(canaryStream));
      const answer = await client.answer(canaryStream);
      assert.equal(answer.grpcStatus, "0", `the next call ends with ${JSON.stringify(answer)}`);
    }
  } catch (error) {
    failure = error;
    if (!client.isClosed && client.untaken(FrameType.goAway).length === 0) throw error;
    await client.expectClose();
  }
  const resets = new Map<number, string>();
  let goAway: string | undefined;
  for (const { type, stream, payload } of client.seen) {
    if (type === FrameType.rstStream) resets.set(stream, errorName(payload.readUInt32BE(0)));
    if (type !== FrameType.goAway || payload.readUInt32BE(4) === 0) continue;
    goAway = errorName(payload.readUInt32BE(4));
  }
  const streams = [...resets].map(([stream, code]) => `stream ${stream} ${code}`);
  const end = failure === undefined ? "served the next call" : String(failure);
  const text = [`GOAWAY ${goAway ?? "none"}`, `resets ${streams.join(", ") || "none"}`, end];
  return { goAway, isClosed: client.isClosed, resets, text: text.join("; ") };
}

/** Says why an outcome is not what was expected. */
async function mismatch(
  expected: Expectation,
  client: RawClient,
  outcome: Outcome,
): Promise<string | undefined> {
  const { goAway, isClosed, resets } = outcome;
  const isServed = goAway === undefined && !isClosed;
  const errors = [...resets.values()].filter((code) => code !== "NO_ERROR");
  switch (expected.kind) {
    case "connection-error":
      if (isClosed && expected.codes.some((code) => code === goAway)) return undefined;
      return `Expected GOAWAY ${expected.codes.join(" or ")} and a close`;
    case "closed":
      return isClosed ? undefined : "Expected the end of the connection";
    case "stream-error": {
      const code = resets.get(expected.stream);
      if (isServed && expected.codes.some((each) => each === code)) return undefined;
      return `Expected RST_STREAM ${expected.codes.join(" or ")} on stream ${expected.stream}`;
    }
    case "served":
      return isServed && errors.length === 0 ? undefined : "Expected no error";
    case "answered": {
      if (!isServed || resets.has(expected.stream)) return "Expected an answer and no error";
      const { grpcStatus } = await client.answer(expected.stream);
      return grpcStatus === expected.status
        ? undefined
        : `Expected grpc-status ${expected.status} on stream ${expected.stream}, got ${grpcStatus}`;
    }
    case "http": {
      if (!isServed) return "Expected an answer and no error";
      const { httpStatus = "none" } = await client.answer(expected.stream);
      return expected.statuses.includes(httpStatus)
        ? undefined
        : `Expected :status ${expected.statuses.join(" or ")}, got ${httpStatus}`;
    }
    case "any": {
      const problems: string[] = [];
      for (const each of expected.of) {
        const problem = await mismatch(each, client, outcome);
        if (problem === undefined) return undefined;
        problems.push(problem);
      }
      return problems.join("; or ");
    }
  }
}
