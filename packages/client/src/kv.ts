import { services } from "@quorate/api";

import type { Bytes } from "./bytes.ts";
import { toWireRange, type KeyRange } from "./key-range.ts";
import type { KeyValue } from "./key-value.ts";
import {
  toDeleteRequest,
  toDeleteResult,
  toPutRequest,
  toPutResult,
  type DeleteOptions,
  type DeleteResult,
  type PutOptions,
  type PutResult,
} from "./operation.ts";
import type { CallOptions } from "./options.ts";
import { readPages, type PageOptions, type RangePage } from "./pager.ts";
import {
  toRangeRequest,
  toRangeResult,
  type RangeOptions,
  type RangeResult,
} from "./range-request.ts";
import type { Transport } from "./transport.ts";
import { Txn } from "./txn.ts";

/** Options of {@link KvClient.compact}. */
export interface CompactOptions extends CallOptions {
  /** Waits until the space is free, not only until reads below fail. @default false */
  readonly physical?: boolean;
}

/** Keys and values, all inside one namespace. */
export class KvClient {
  readonly #transport: Transport;
  readonly #namespace: Uint8Array;

  /** @internal */
  constructor(transport: Transport, namespace: Uint8Array) {
    this.#transport = transport;
    this.#namespace = namespace;
  }

  /** Reads one key; undefined when it does not exist. */
  async get(
    key: Bytes,
    options: Pick<RangeOptions, "revision" | "serializable" | "keysOnly"> & CallOptions = {},
  ): Promise<KeyValue | undefined> {
    const result = await this.range(key, options);
    return result.kvs[0];
  }

  /** Reads a range in one answer; see {@link KvClient.getAll} for ranges of any size. */
  async range(range: KeyRange, options: RangeOptions & CallOptions = {}): Promise<RangeResult> {
    const request = toRangeRequest(range, options, this.#namespace);
    const response = await this.#transport.unary(services.kv.range, request, {
      ...callOptions(options),
      requireLeader: options.serializable !== true,
    });
    return toRangeResult(response, this.#namespace.length);
  }

  /**
   * Reads a whole range at one revision, page by page underneath.
   *
   * @throws {@link ServerError} `compacted` when compaction overtakes the read.
   */
  async getAll(range: KeyRange, options: PageOptions = {}): Promise<RangePage> {
    const kvs: KeyValue[] = [];
    let revision = 0;
    for await (const page of this.pages(range, options)) {
      for (const kv of page.kvs) kvs.push(kv);
      revision = page.revision;
    }
    return { revision, kvs };
  }

  /**
   * Reads a range in key order, page by page at one revision, with back-pressure.
   *
   * @returns At least one page; an empty range gives one empty page.
   */
  pages(range: KeyRange, options: PageOptions = {}): AsyncGenerator<RangePage, void, undefined> {
    const wireRange = toWireRange(range, this.#namespace);
    return readPages(this.#transport, wireRange, this.#namespace.length, options);
  }

  /** Writes one pair. */
  async put(key: Bytes, value: Bytes, options: PutOptions & CallOptions = {}): Promise<PutResult> {
    const request = toPutRequest(key, value, options, this.#namespace);
    const response = await this.#transport.unary(services.kv.put, request, {
      ...callOptions(options),
      requireLeader: true,
    });
    return toPutResult(response, this.#namespace.length);
  }

  /** Removes pairs, all at one revision. */
  async delete(range: KeyRange, options: DeleteOptions & CallOptions = {}): Promise<DeleteResult> {
    const request = toDeleteRequest(range, options, this.#namespace);
    const response = await this.#transport.unary(services.kv.deleteRange, request, {
      ...callOptions(options),
      requireLeader: true,
    });
    return toDeleteResult(response, this.#namespace.length);
  }

  /** Begins a transaction; nothing is sent before its `commit`. */
  txn(): Txn {
    return new Txn({
      sender: (request, { isReadOnly, ...options }) =>
        this.#transport.unary(services.kv.txn, request, {
          ...options,
          safety: isReadOnly ? "read" : "write",
          requireLeader: !isReadOnly,
        }),
      namespace: this.#namespace,
      comparisons: [],
      whenTrue: [],
      whenFalse: [],
    });
  }

  /**
   * Gives up history below a revision, of the whole store.
   *
   * @throws {@link ServerError} `compacted` when it is already, `future-revision` when not reached.
   */
  async compact(revision: number, options: CompactOptions = {}): Promise<void> {
    const request = { revision, physical: options.physical ?? false };
    await this.#transport.unary(services.kv.compact, request, {
      ...callOptions(options),
      requireLeader: true,
    });
  }
}

/** The settings of the call alone, out of options that carry more. */
function callOptions(options: CallOptions): CallOptions {
  return {
    ...(options.deadlineMillis === undefined ? {} : { deadlineMillis: options.deadlineMillis }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
}
