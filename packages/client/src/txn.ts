import {
  CompareCompareResult,
  CompareCompareTarget,
  type CompareInit,
  type TxnRequestInit,
  type TxnResponse,
} from "@quorate/api";

import { toBytes, type Bytes } from "./bytes.ts";
import { InvalidArgumentError } from "./errors.ts";
import { toHeader, type Header } from "./key-value.ts";
import { toWireRange, type KeyRange } from "./key-range.ts";
import { unexpected, type Operation } from "./operation.ts";
import type { CallOptions } from "./options.ts";

/** How a compare relates the stored field to the given one. */
export type CompareOperator = "==" | "!=" | "<" | ">";

/** One condition of a transaction. */
export interface Comparison {
  /** @internal */
  readonly toCompare: (namespace: Uint8Array) => CompareInit;
}

const operators = {
  "==": CompareCompareResult.EQUAL,
  "!=": CompareCompareResult.NOT_EQUAL,
  "<": CompareCompareResult.LESS,
  ">": CompareCompareResult.GREATER,
} as const;

/**
 * Conditions of transactions. Given a range, every key in it must satisfy the condition.
 *
 * A missing key counts as 0 in every field; a compare of its value is never true.
 */
export const compare = {
  /** Bytes of the value. */
  value: (range: KeyRange, operator: CompareOperator, value: Bytes): Comparison =>
    comparison(range, operator, {
      target: CompareCompareTarget.VALUE,
      targetUnion: { case: "value", value: toBytes(value) },
    }),
  /** Number of changes since creation; 0 for a missing key. */
  version: (range: KeyRange, operator: CompareOperator, version: number): Comparison =>
    comparison(range, operator, {
      target: CompareCompareTarget.VERSION,
      targetUnion: { case: "version", value: version },
    }),
  /** Revision of the creation; 0 for a missing key. */
  createRevision: (range: KeyRange, operator: CompareOperator, revision: number): Comparison =>
    comparison(range, operator, {
      target: CompareCompareTarget.CREATE,
      targetUnion: { case: "createRevision", value: revision },
    }),
  /** Revision of the last change; 0 for a missing key. */
  modRevision: (range: KeyRange, operator: CompareOperator, revision: number): Comparison =>
    comparison(range, operator, {
      target: CompareCompareTarget.MOD,
      targetUnion: { case: "modRevision", value: revision },
    }),
  /** Lease of the key; 0n for none. */
  lease: (range: KeyRange, operator: CompareOperator, lease: bigint): Comparison =>
    comparison(range, operator, {
      target: CompareCompareTarget.LEASE,
      targetUnion: { case: "lease", value: lease },
    }),
  /** The key exists. */
  exists: (key: Bytes): Comparison => compare.createRevision(key, ">", 0),
  /** The key does not exist. */
  missing: (key: Bytes): Comparison => compare.createRevision(key, "==", 0),
} as const;

function comparison(
  range: KeyRange,
  operator: CompareOperator,
  rest: Pick<CompareInit, "target" | "targetUnion">,
): Comparison {
  return {
    toCompare: (namespace) => ({
      ...toWireRange(range, namespace),
      result: operators[operator],
      ...rest,
    }),
  };
}

/** Results of operations, position by position. */
export type ResultsOf<Operations extends readonly Operation<unknown>[]> = {
  readonly [Index in keyof Operations]: Operations[Index] extends Operation<infer Result>
    ? Result
    : never;
};

/** Answer of a transaction: the results of the branch that ran. */
export type TxnResult<
  Then extends readonly Operation<unknown>[],
  Else extends readonly Operation<unknown>[],
> =
  | {
      readonly succeeded: true;
      readonly header: Header;
      readonly revision: number;
      readonly results: ResultsOf<Then>;
    }
  | {
      readonly succeeded: false;
      readonly header: Header;
      readonly revision: number;
      readonly results: ResultsOf<Else>;
    };

/** Sends a transaction. @internal */
export type TxnSender = (
  request: TxnRequestInit,
  options: CallOptions & { readonly isReadOnly: boolean },
) => Promise<TxnResponse>;

interface TxnParts {
  readonly sender: TxnSender;
  readonly namespace: Uint8Array;
  readonly comparisons: readonly Comparison[];
  readonly whenTrue: readonly Operation<unknown>[];
  readonly whenFalse: readonly Operation<unknown>[];
}

/**
 * A transaction being built: if all conditions hold do one list of steps, else the other, at one
 * revision. Immutable: each method returns a new one. Nothing is sent before {@link Txn.commit}.
 */
export class Txn<
  Then extends readonly Operation<unknown>[] = readonly [],
  Else extends readonly Operation<unknown>[] = readonly [],
> {
  readonly #parts: TxnParts;

  /** @internal */
  constructor(parts: TxnParts) {
    this.#parts = parts;
  }

  /** Adds conditions; all must hold. None at all always holds. */
  if(...comparisons: readonly Comparison[]): Txn<Then, Else> {
    return new Txn({
      ...this.#parts,
      comparisons: [...this.#parts.comparisons, ...comparisons],
    });
  }

  /**
   * Sets the steps for when all conditions hold.
   *
   * @throws {@link InvalidArgumentError} if awaited by mistake, which calls `then` with functions.
   */
  then<const Steps extends readonly Operation<unknown>[]>(...steps: Steps): Txn<Steps, Else> {
    if (steps.some((step) => typeof step === "function")) {
      throw new InvalidArgumentError("Cannot await a transaction: call commit()");
    }
    return new Txn<Steps, Else>({ ...this.#parts, whenTrue: steps });
  }

  /** Sets the steps for when a condition fails. */
  else<const Steps extends readonly Operation<unknown>[]>(...steps: Steps): Txn<Then, Steps> {
    return new Txn<Then, Steps>({ ...this.#parts, whenFalse: steps });
  }

  /** This transaction as a step of another; its conditions see the state before the outer one. */
  nested(): Operation<TxnResult<Then, Else>> {
    return {
      toRequest: (namespace) => ({
        request: { case: "requestTxn", value: this.#request(namespace) },
      }),
      toResult: ({ response }, namespaceLength) => {
        if (response?.case !== "responseTxn") throw unexpected("txn", response?.case);
        return this.#result(response.value, namespaceLength);
      },
    };
  }

  /**
   * Runs the transaction. One that only reads is repeated like a read, any other is never re-sent.
   *
   * @throws {@link EtcdError}; with `isOutcomeUnknown` when it may have run.
   */
  async commit(options: CallOptions = {}): Promise<TxnResult<Then, Else>> {
    const { sender, namespace } = this.#parts;
    const request = this.#request(namespace);
    const response = await sender(request, { ...options, isReadOnly: isReadOnly(request) });
    return this.#result(response, namespace.length);
  }

  #request(namespace: Uint8Array): TxnRequestInit {
    return {
      compare: this.#parts.comparisons.map((each) => each.toCompare(namespace)),
      success: this.#parts.whenTrue.map((each) => each.toRequest(namespace)),
      failure: this.#parts.whenFalse.map((each) => each.toRequest(namespace)),
    };
  }

  #result(response: TxnResponse, namespaceLength: number): TxnResult<Then, Else> {
    const header = toHeader(response.header);
    const steps = response.succeeded ? this.#parts.whenTrue : this.#parts.whenFalse;
    const results = steps.map((step, index) => {
      const answer = response.responses[index];
      if (answer === undefined) throw unexpected("txn step", undefined);
      return step.toResult(answer, namespaceLength);
    });
    return toTxnResult(response.succeeded, header, results);
  }
}

/** The only place where the results of a list of steps get the steps' static types. */
function toTxnResult<
  Then extends readonly Operation<unknown>[],
  Else extends readonly Operation<unknown>[],
>(succeeded: boolean, header: Header, results: readonly unknown[]): TxnResult<Then, Else> {
  return { succeeded, header, revision: header.revision, results } as TxnResult<Then, Else>;
}

/** Whether no branch, at any depth, writes. */
function isReadOnly(request: TxnRequestInit): boolean {
  return [...(request.success ?? []), ...(request.failure ?? [])].every((step) => {
    if (step.request?.case === "requestTxn") return isReadOnly(step.request.value);
    return step.request?.case === "requestRange";
  });
}
