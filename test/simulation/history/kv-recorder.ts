/** Sends operations by a real client, and writes down what comes back. */
import {
  compare,
  EtcdError,
  op,
  type CallOptions,
  type Client,
  type Comparison,
  type DeleteResult,
  type Header,
  type KeyRange,
  type KeyValue,
  type Operation,
  type PutResult,
  type RangeOptions,
  type RangeResult,
} from "@quorate/client";
import { CheckFailure } from "../checkers/check-failure.ts";
import { fromLatin1, isTrouble, latin1 } from "../workloads/pacing.ts";
import {
  describeOperation,
  type KvAnswer,
  type KvCompare,
  type KvKeys,
  type KvOperation,
  type KvOutcome,
  type KvPair,
  type KvRange,
  type KvRecord,
  type KvTxn,
} from "./kv-records.ts";

/** Codes that a client may see beside those of trouble; any other is a failure of the run. */
const expectedCodes: readonly string[] = ["client-closed", "compacted", "future-revision"];

/** Records of one workload, in the order of their calls. */
export class KvRecorder {
  readonly #records: OpenRecord[] = [];
  readonly #nowMillis: () => number;
  #sequence = 0;

  constructor(nowMillis: () => number) {
    this.#nowMillis = nowMillis;
  }

  /** What was recorded so far; operations under way have an unknown outcome. */
  get records(): readonly KvRecord[] {
    return this.#records;
  }

  /**
   * Performs an operation.
   *
   * @param name - Of the client.
   * @returns The answer; undefined when none came.
   * @throws CheckFailure for an error that no client should ever see.
   */
  async perform(
    client: Client,
    name: string,
    operation: KvOperation,
    options: CallOptions,
  ): Promise<KvAnswer | undefined> {
    const record = new OpenRecord(name, operation, this.#nowMillis(), ++this.#sequence);
    this.#records.push(record);
    let outcome: KvOutcome;
    try {
      outcome = await send(client, operation, options);
    } catch (error) {
      outcome = toFailure(operation, error);
    }
    record.outcome = outcome;
    record.returnMillis = this.#nowMillis();
    record.returnSequence = ++this.#sequence;
    return outcome.kind === "ok" ? outcome.answer : undefined;
  }
}

class OpenRecord implements KvRecord {
  readonly client: string;
  readonly operation: KvOperation;
  readonly callMillis: number;
  readonly callSequence: number;
  returnMillis: number = Number.POSITIVE_INFINITY;
  returnSequence: number = Number.POSITIVE_INFINITY;
  outcome: KvOutcome = { kind: "unknown", code: "under-way" };

  constructor(client: string, operation: KvOperation, callMillis: number, callSequence: number) {
    this.client = client;
    this.operation = operation;
    this.callMillis = callMillis;
    this.callSequence = callSequence;
  }
}

function toFailure(operation: KvOperation, error: unknown): KvOutcome {
  const isExpected = error instanceof EtcdError && expectedCodes.includes(error.code);
  if (!(error instanceof EtcdError) || !(isExpected || isTrouble(error))) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new CheckFailure("P6", `${describeOperation(operation)} failed unexpectedly: ${text}`);
  }
  return { kind: error.isOutcomeUnknown ? "unknown" : "error", code: error.code };
}

async function send(
  client: Client,
  operation: KvOperation,
  options: CallOptions,
): Promise<KvOutcome> {
  switch (operation.kind) {
    case "put": {
      const { key, value, previous } = operation;
      const result = await client.put(fromLatin1(key), fromLatin1(value), { ...options, previous });
      return toOk(result.header, toPutAnswer(result));
    }
    case "delete": {
      const { previous } = operation;
      const result = await client.delete(toKeyRange(operation), { ...options, previous });
      return toOk(result.header, toDeleteAnswer(result));
    }
    case "range": {
      const query = { ...options, ...toRangeOptions(operation) };
      const result = await client.range(toKeyRange(operation), query);
      return toOk(result.header, toRangeAnswer(result));
    }
    case "txn": {
      const result = await buildTxn(client, operation).commit(options);
      const { succeeded, revision, results } = result;
      return toOk(result.header, { kind: "txn", succeeded, revision, results });
    }
  }
}

function toOk({ memberId }: Header, answer: KvAnswer): KvOutcome {
  return { kind: "ok", memberId, answer };
}

function toKeyRange({ key, rangeEnd }: KvKeys): KeyRange {
  if (rangeEnd === "") return fromLatin1(key);
  if (rangeEnd === "\0") return { from: fromLatin1(key) };
  return { begin: fromLatin1(key), end: fromLatin1(rangeEnd) };
}

function toRangeOptions(operation: KvRange): RangeOptions {
  const { revision, limit, keysOnly, countOnly, isSerializable, sort } = operation;
  const rest = { revision, limit, keysOnly, countOnly, serializable: isSerializable };
  return sort === undefined ? rest : { ...rest, sort };
}

// The static types of a transaction's results need a literal list of steps; here all give answers.
type KvClientTxn = ReturnType<typeof buildTxn>;

function buildTxn(client: Client, { compares, success, failure }: KvTxn) {
  return client
    .txn()
    .if(...compares.map(toComparison))
    .then(...success.map((step) => toStep(client, step)))
    .else(...failure.map((step) => toStep(client, step)));
}

function toStep(client: Client, operation: KvOperation): Operation<KvAnswer> {
  switch (operation.kind) {
    case "put": {
      const { key, value, previous } = operation;
      return mapStep(op.put(fromLatin1(key), fromLatin1(value), { previous }), toPutAnswer);
    }
    case "delete": {
      const { previous } = operation;
      return mapStep(op.delete(toKeyRange(operation), { previous }), toDeleteAnswer);
    }
    case "range":
      return mapStep(op.get(toKeyRange(operation), toRangeOptions(operation)), toRangeAnswer);
    case "txn": {
      const txn: KvClientTxn = buildTxn(client, operation);
      return mapStep(txn.nested(), ({ succeeded, revision, results }) => ({
        kind: "txn",
        succeeded,
        revision,
        results,
      }));
    }
  }
}

function mapStep<Result>(
  step: Operation<Result>,
  convert: (result: Result) => KvAnswer,
): Operation<KvAnswer> {
  return {
    toRequest: step.toRequest,
    toResult: (response, namespaceLength) => convert(step.toResult(response, namespaceLength)),
  };
}

function toComparison(wanted: KvCompare): Comparison {
  const range = toKeyRange(wanted);
  switch (wanted.target) {
    case "value":
      return compare.value(range, wanted.operator, fromLatin1(wanted.operand));
    case "version":
      return compare.version(range, wanted.operator, wanted.operand);
    case "create":
      return compare.createRevision(range, wanted.operator, wanted.operand);
    case "mod":
      return compare.modRevision(range, wanted.operator, wanted.operand);
  }
}

function toPutAnswer({ revision, previous }: PutResult): KvAnswer {
  return { kind: "put", revision, previous: previous === undefined ? undefined : toPair(previous) };
}

function toDeleteAnswer({ revision, deleted, previous }: DeleteResult): KvAnswer {
  return { kind: "delete", revision, deleted, previous: previous.map(toPair) };
}

function toRangeAnswer({ revision, kvs, count, more }: RangeResult): KvAnswer {
  return { kind: "range", revision, pairs: kvs.map(toPair), count, more };
}

function toPair(kv: KeyValue): KvPair {
  const { createRevision, modRevision, version, lease } = kv;
  const [key, value] = [latin1(kv.key), latin1(kv.value)];
  return { key, value, createRevision, modRevision, version, lease };
}
