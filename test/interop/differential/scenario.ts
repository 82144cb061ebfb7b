/**
 * Scenarios: the same requests to etcd and to the store under test, answers compared field by
 * field.
 *
 * A scenario is a function that sends requests and looks at answers. It runs against both stores,
 * each with a prefix of its own for its keys; everything it asks is kept in a transcript, and the
 * transcripts must be equal. Beside that a scenario may assert what its title claims. Where etcd
 * 3.7, which the store implements, differs from the etcd 3.4 that runs here, the scenario says so
 * with {@link Scenario.sinceThen}.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { inspect } from "node:util";

import {
  type Method,
  type MethodKind,
  services,
  wireErrors,
  type WireErrorCode,
} from "@quorate/api";
import { type ClientCallOptions, RpcClient } from "@quorate/grpc/testing";

import { until } from "../../support/deadline.ts";
import type { EtcdCluster } from "../../support/etcd-process.ts";
import {
  anyStoreMissing,
  comparedStores,
  type ComparedStoreOptions,
  startComparedStore,
} from "../../support/compared-stores.ts";
import type { StoreKind } from "../../support/store.ts";
import { type AnswerContext, type Plain, plainBytes, toPlain } from "./plain.ts";
import { bytes, del, put, range } from "./requests.ts";
import type { DeleteParts, PutParts, RangeParts, Text } from "./requests.ts";
import { StreamReader, StreamSession } from "./stream-session.ts";
import { differences, type Exchange } from "./transcript.ts";
import { WatchSession } from "./watch-session.ts";

const callMillis = 20_000;

/** A unary method of any service. */
export type UnaryMethod<Request, RequestInit, Response, ResponseInit> = Method<
  "unary",
  Request,
  RequestInit,
  Response,
  ResponseInit
>;

/** How a call ended. */
export interface Outcome<Response> {
  /** gRPC status code; 0 is success. */
  readonly code: number;
  readonly message: string;
  readonly response: Response | undefined;
}

/** A store with the ids it names itself by. */
export interface ComparedStore {
  readonly kind: StoreKind;
  readonly cluster: EtcdCluster;
  readonly rpc: RpcClient;
  readonly clusterId: bigint;
  readonly memberId: bigint;
}

/** One run of a scenario against one store; see the file comment. */
export class Scenario {
  readonly kind: StoreKind;
  readonly store: ComparedStore;
  /** Revision of the store when the scenario began. */
  readonly base: number;
  readonly transcript: Exchange[] = [];
  readonly #prefix: string;
  readonly #chosenLeases: bigint[] = [];
  readonly #streams: StreamReader[] = [];
  #isQuiet = false;

  constructor(store: ComparedStore, prefix: string, base: number) {
    this.kind = store.kind;
    this.store = store;
    this.base = base;
    this.#prefix = prefix;
  }

  /** A key of this scenario, as text of one byte a character. */
  key(name: string): string {
    return `${this.#prefix}${name}`;
  }

  /** End of the range of all keys of this scenario that begin with `name`. */
  endOf(name: string): string {
    const prefix = this.key(name);
    const last = prefix.charCodeAt(prefix.length - 1);
    return prefix.slice(0, -1) + String.fromCharCode(last + 1);
  }

  /** The revision `distance` after the one at which the scenario began. */
  at(distance: number): number {
    return this.base + distance;
  }

  /** Sends one request and records the answer. */
  async call<Request, RequestInit, Response, ResponseInit>(
    method: UnaryMethod<Request, RequestInit, Response, ResponseInit>,
    request: RequestInit,
    options: ClientCallOptions = {},
  ): Promise<Outcome<Response>> {
    const encoded = Buffer.from(method.encodeRequest(request));
    const title = `${nameOf(method)} ${this.#show(request)}`;
    return await this.#send(method, encoded, title, options);
  }

  /** As {@link Scenario.call} with bytes that need not be a message. */
  async callBytes<Request, RequestInit, Response, ResponseInit>(
    method: UnaryMethod<Request, RequestInit, Response, ResponseInit>,
    request: Uint8Array,
    options: ClientCallOptions = {},
  ): Promise<Outcome<Response>> {
    const title = `${nameOf(method)} ${plainBytes(request)}`;
    return await this.#send(method, Buffer.from(request), title, options);
  }

  /** Records what the scenario found out by itself. */
  note(what: string, answer: unknown): void {
    this.#record(what, toPlain(answer, this.#context));
  }

  /** Sends requests without recording their answers. */
  async quietly<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#isQuiet;
    this.#isQuiet = true;
    try {
      return await action();
    } finally {
      this.#isQuiet = before;
    }
  }

  /**
   * States a difference between the releases: what etcd 3.4 answers, and what 3.7 does.
   *
   * @param what - What changed, as a sentence.
   */
  sinceThen(what: string, answer: unknown, expected: { etcd34: unknown; etcd37: unknown }): void {
    const plain = toPlain(answer, this.#context);
    const wanted = this.kind === "etcd" ? expected.etcd34 : expected.etcd37;
    assert.deepEqual(plain, toPlain(wanted, this.#context), `${this.kind}: ${what}`);
  }

  /**
   * Asks what only etcd 3.7 knows: not sent to etcd 3.4, not compared.
   *
   * @param why - What etcd 3.4 would do, as a sentence.
   */
  async only37(why: string, action: () => Promise<void>): Promise<void> {
    assert.ok(why !== "");
    if (this.kind !== "etcd") await this.quietly(action);
  }

  /** Asserts that a call failed with an error of the table. */
  fails(outcome: Outcome<unknown>, error: WireErrorCode): void {
    const { code, message } = outcome;
    assert.deepEqual({ code, message }, wireErrors[error], `${this.kind}: ${error}`);
  }

  /** Asserts that a call succeeded, and returns its response. */
  succeeds<Response>(outcome: Outcome<Response>): Response {
    const { code, message, response } = outcome;
    assert.deepEqual({ code, message }, { code: 0, message: "" }, this.kind);
    assert.ok(response !== undefined);
    return response;
  }

  async range(key: string, parts?: RangeParts): Promise<Outcome<RangeAnswer>> {
    return await this.call(services.kv.range, range(this.key(key), parts));
  }

  /** Every key of the scenario. */
  async all(parts: RangeParts = {}): Promise<Outcome<RangeAnswer>> {
    return await this.range("", { ...parts, end: this.endOf("") });
  }

  async put(key: string, value?: Text, parts?: PutParts): Promise<Outcome<PutAnswer>> {
    return await this.call(services.kv.put, put(this.key(key), value, parts));
  }

  async delete(key: string, parts?: DeleteParts): Promise<Outcome<DeleteAnswer>> {
    return await this.call(services.kv.deleteRange, del(this.key(key), parts));
  }

  async txn(request: TxnRequest): Promise<Outcome<TxnAnswer>> {
    return await this.call(services.kv.txn, request);
  }

  /** Grants a lease; an id the store chose is known by a letter from then on. */
  async grant(ttl: number, id = 0n): Promise<bigint> {
    const outcome = await this.quietly(
      async () => await this.call(services.lease.leaseGrant, { ttl, id }),
    );
    const lease = outcome.response?.id ?? 0n;
    if (id === 0n && lease !== 0n) this.#chosenLeases.push(lease);
    this.note(`LeaseGrant ${this.#show({ ttl, id })}`, outcome);
    return lease;
  }

  /** Opens a stream for watches. */
  watch(options?: ClientCallOptions): WatchSession {
    const session = this.#open(services.watch.watch, options);
    const record = (what: string, answer: unknown): void => {
      this.note(what, answer);
    };
    return new WatchSession(this, session, record);
  }

  /** Opens a stream of any method; it is cancelled when the scenario ends. */
  stream(
    method: Pick<Method<MethodKind, unknown, never, unknown, never>, "path">,
    options?: ClientCallOptions,
  ): StreamSession {
    return this.#open(method, options);
  }

  /** Sends one request and reads the stream that answers. */
  serverStream(method: { readonly path: string }, request: Uint8Array): StreamReader {
    const reader = new StreamReader(this.store.rpc.serverStream(method.path, Buffer.from(request)));
    this.#streams.push(reader);
    return reader;
  }

  /** Ends what the scenario left open. */
  close(): void {
    for (const stream of this.#streams) stream.cancel();
  }

  get #context(): AnswerContext {
    const { clusterId, memberId } = this.store;
    return { clusterId, memberId, baseRevision: this.base, chosenLeases: this.#chosenLeases };
  }

  #open(method: { readonly path: string }, options?: ClientCallOptions): StreamSession {
    const session = new StreamSession(this.store.rpc.bidiStream(method.path, options));
    this.#streams.push(session);
    return session;
  }

  #show(value: unknown): string {
    return JSON.stringify(toPlain(value, this.#context));
  }

  #record(request: string, answer: Plain): void {
    if (!this.#isQuiet) this.transcript.push({ request, answer });
  }

  async #send<Request, RequestInit, Response, ResponseInit>(
    method: UnaryMethod<Request, RequestInit, Response, ResponseInit>,
    request: Buffer,
    title: string,
    options: ClientCallOptions,
  ): Promise<Outcome<Response>> {
    const call = this.store.rpc.unary(method.path, request, {
      timeoutMillis: callMillis,
      ...options,
    });
    const { code, details, messages } = await call.outcome;
    const [answer] = messages;
    const response = answer === undefined ? undefined : method.decodeResponse(answer);
    const outcome = { code, message: details, response };
    this.#record(title, toPlain(outcome, this.#context));
    if (answer !== undefined && response !== undefined) {
      assertCanonical(method, answer);
    }
    return outcome;
  }
}

type RangeAnswer = ReturnType<typeof services.kv.range.decodeResponse>;
type PutAnswer = ReturnType<typeof services.kv.put.decodeResponse>;
type DeleteAnswer = ReturnType<typeof services.kv.deleteRange.decodeResponse>;
type TxnAnswer = ReturnType<typeof services.kv.txn.decodeResponse>;
type TxnRequest = Parameters<typeof services.kv.txn.encodeRequest>[0];

/** What {@link compareStores} starts, and whom it asks. */
export interface ComparisonOptions extends ComparedStoreOptions {
  /** The member that requests are sent to, in a cluster of several. @default the first */
  readonly ask?: "first" | "follower";
}

/** Registers a scenario with the test runner. */
export type RegisterScenario = (title: string, run: (s: Scenario) => Promise<void>) => void;

/**
 * Starts one store of each kind for the tests of a file, and stops them after the last.
 *
 * @param missing - Why the scenarios cannot run, beside a missing store; false when they can.
 * @returns The function that registers a scenario.
 */
export function compareStores(
  options: ComparisonOptions = {},
  missing: string | false = false,
): RegisterScenario {
  const skip = anyStoreMissing === false ? missing : anyStoreMissing;
  const stores: ComparedStore[] = [];
  let count = 0;
  before(async () => {
    if (skip !== false) return;
    const starts = await Promise.allSettled(comparedStores.map((kind) => openStore(kind, options)));
    for (const start of starts) if (start.status === "fulfilled") stores.push(start.value);
    for (const start of starts) if (start.status === "rejected") throw start.reason;
  });
  after(async () => {
    for (const store of stores) store.rpc.close();
    await Promise.all(stores.map((store) => store.cluster.close()));
  });
  return (title, run) => {
    count += 1;
    const prefix = `s${count}/`;
    test(title, { skip }, async () => {
      await runScenario(stores, prefix, run);
    });
  };
}

async function openStore(
  kind: StoreKind,
  { ask = "first", ...options }: ComparisonOptions,
): Promise<ComparedStore> {
  const cluster = await startComparedStore(kind, options);
  try {
    return await until(30_000, "a member to ask", async () => {
      for (const { endpoint } of cluster.members) {
        const rpc = new RpcClient(endpoint, { "grpc.max_send_message_length": -1 });
        const { leader, clusterId, memberId } = await statusOf(rpc);
        const isWanted = ask === "first" || leader !== memberId;
        if (isWanted && leader !== 0n) return { kind, cluster, rpc, clusterId, memberId };
        rpc.close();
      }
      return undefined;
    });
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function statusOf(
  rpc: RpcClient,
): Promise<{ readonly leader: bigint; readonly clusterId: bigint; readonly memberId: bigint }> {
  const { path, encodeRequest, decodeResponse } = services.maintenance.status;
  const { messages } = await rpc.unary(path, Buffer.from(encodeRequest({}))).outcome;
  const { header, leader } = decodeResponse(messages[0] ?? Buffer.of());
  return { leader, clusterId: header?.clusterId ?? 0n, memberId: header?.memberId ?? 0n };
}

async function runScenario(
  stores: readonly ComparedStore[],
  prefix: string,
  run: (s: Scenario) => Promise<void>,
): Promise<void> {
  const runs = await Promise.allSettled(
    stores.map(async (store) => {
      const scenario = new Scenario(store, prefix, await currentRevision(store));
      try {
        await run(scenario);
        return scenario;
      } catch (error) {
        const tail = scenario.transcript.slice(-3).map((exchange) => JSON.stringify(exchange));
        throw new Error(`Against ${store.kind}, after\n${tail.join("\n")}`, { cause: error });
      } finally {
        scenario.close();
      }
    }),
  );
  const failures = runs.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
  if (failures.length > 0) {
    const texts = failures.map((failure) => inspect(failure, { depth: 4 }));
    throw new Error(`The scenario fails\n${texts.join("\n")}`);
  }
  const [model, other] = runs.flatMap((result) =>
    result.status === "fulfilled" ? [result.value] : [],
  );
  assert.ok(model !== undefined && other !== undefined);
  assert.ok(model.transcript.length > 0, "The scenario asks nothing");
  const found = differences(model.transcript, other.transcript, [model.kind, other.kind]);
  assert.ok(found.length === 0, `${found.length} answers differ\n${found.join("\n")}`);
}

async function currentRevision(store: ComparedStore): Promise<number> {
  const request = Buffer.from(services.kv.range.encodeRequest({ key: bytes("\0") }));
  const { messages } = await store.rpc.unary(services.kv.range.path, request).outcome;
  return services.kv.range.decodeResponse(messages[0] ?? Buffer.of()).header?.revision ?? 0;
}

/** What a store sends is what the codec would send: fields in order, zero values left out. */
function assertCanonical(
  method: { decodeResponse: (bytes: Uint8Array) => unknown; path: string; encodeResponse: unknown },
  answer: Uint8Array,
): void {
  const { decodeResponse, encodeResponse } = method;
  if (typeof encodeResponse !== "function") return;
  const again: unknown = Reflect.apply(encodeResponse, undefined, [decodeResponse(answer)]);
  assert.ok(again instanceof Uint8Array);
  assert.equal(
    Buffer.from(again).toString("hex"),
    Buffer.from(answer).toString("hex"),
    `${method.path} answers in another encoding than the canonical one`,
  );
}

function nameOf(method: { readonly path: string }): string {
  return method.path.slice(method.path.lastIndexOf("/") + 1);
}
