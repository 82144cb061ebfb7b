import { services } from "@quorate/api";
import { NodeClock, NodeRandom, NodeTimers } from "@quorate/platform";

import { concatBytes, toBytes, type Bytes } from "./bytes.ts";
import { createGrpcJsChannel } from "./grpc-js-channel.ts";
import { keepEndpointsInSync, syncEndpoints } from "./endpoint-sync.ts";
import { ServerError } from "./errors.ts";
import type { KeyRange } from "./key-range.ts";
import { toWireRange } from "./key-range.ts";
import type { KeyValue } from "./key-value.ts";
import { KvClient, type CompactOptions } from "./kv.ts";
import { LeaseClient } from "./lease.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { DeleteOptions, DeleteResult, PutOptions, PutResult } from "./operation.ts";
import { resolveOptions, type CallOptions, type ClientOptions } from "./options.ts";
import type { PageOptions, RangePage } from "./pager.ts";
import type { RangeOptions, RangeResult } from "./range-request.ts";
import type { Runtime } from "./runtime.ts";
import {
  serviceClients,
  type AuthClient,
  type ClusterClient,
  type ElectionServiceClient,
  type HealthClient,
  type LockServiceClient,
  type MaintenanceClient,
  type MemberCallOptions,
  type ServiceClients,
} from "./service-calls.ts";
import { readSnapshot } from "./snapshot.ts";
import { Transport } from "./transport.ts";
import type { Txn } from "./txn.ts";
import { Watcher, type WatchOptions } from "./watcher.ts";
import { WatchHub } from "./watch-hub.ts";

/** What all namespaces of one client share. */
interface Core {
  readonly transport: Transport;
  readonly hub: WatchHub;
  readonly keeper: LeaseKeeper;
  readonly calls: ServiceClients;
}

/**
 * Makes a client of Quorate or any etcd 3.4 to 3.7. Connects when first used.
 *
 * @throws {@link InvalidOptionsError} that names every problem of the options.
 * @example
 * ```ts
 * import { connect } from "@quorate/client";
 *
 * await using client = connect({ endpoints: ["127.0.0.1:2379"] });
 * await client.put("greeting", "hello");
 * console.log((await client.get("greeting"))?.text());
 * ```
 */
export function connect(options: ClientOptions): Client {
  return new Client(options);
}

/**
 * A client of one cluster: keys and values here, everything else in its named parts.
 *
 * Safe to share by a whole process; calls never wait for each other.
 */
export class Client implements AsyncDisposable {
  readonly #core: Core;
  readonly #namespace: Uint8Array;
  readonly #isRoot: boolean;
  readonly #kv: KvClient;
  /** Leases and their renewal. */
  readonly lease: LeaseClient;

  /** @param core - Shared parts when this is a namespace of another client. @internal */
  constructor(options: ClientOptions, core?: Core) {
    this.#isRoot = core === undefined;
    this.#core = core ?? openCore(options);
    this.#namespace = toBytes(options.namespace ?? "");
    const { transport, keeper } = this.#core;
    this.#kv = new KvClient(transport, this.#namespace);
    this.lease = new LeaseClient(transport, keeper, this.#namespace.length);
  }

  /** Members of the cluster. */
  get cluster(): ClusterClient {
    return this.#core.calls.cluster;
  }

  /** Care of single members. */
  get maintenance(): MaintenanceClient {
    return this.#core.calls.maintenance;
  }

  /** Users and roles. */
  get auth(): AuthClient {
    return this.#core.calls.auth;
  }

  /** gRPC health. */
  get health(): HealthClient {
    return this.#core.calls.health;
  }

  /** Elections run by the server. */
  get electionService(): ElectionServiceClient {
    return this.#core.calls.electionService;
  }

  /** Locks run by the server. */
  get lockService(): LockServiceClient {
    return this.#core.calls.lockService;
  }

  /** Time and randomness of this client, for what is built on it. @internal */
  get runtime(): Runtime {
    return this.#core.transport.runtime;
  }

  /** The endpoints in use, as given or as last synchronised. */
  get endpoints(): readonly string[] {
    return this.#core.transport.endpoints.names;
  }

  /** Aborts when the client is closed. */
  get closed(): AbortSignal {
    return this.#core.transport.closedSignal;
  }

  /**
   * Reads one key.
   *
   * @returns Undefined when it does not exist.
   * @example
   * ```ts
   * const pair = await client.get("config/limit");
   * console.log(pair?.text() ?? "not set", pair?.modRevision);
   * ```
   */
  get(
    key: Bytes,
    options?: Pick<RangeOptions, "revision" | "serializable" | "keysOnly"> & CallOptions,
  ): Promise<KeyValue | undefined> {
    return this.#kv.get(key, options);
  }

  /**
   * Reads a range in one answer, with every option of the protocol.
   *
   * @throws {@link ServerError} `compacted` or `future-revision` for a revision out of reach.
   * @example
   * ```ts
   * const newest = await client.range(
   *   { prefix: "jobs/" },
   *   { limit: 10, sort: { by: "mod-revision", order: "descending" } },
   * );
   * console.log(newest.kvs.map((pair) => pair.keyText()), newest.count);
   * ```
   */
  range(range: KeyRange, options?: RangeOptions & CallOptions): Promise<RangeResult> {
    return this.#kv.range(range, options);
  }

  /**
   * Reads a whole range of any size at one revision into memory.
   *
   * @example
   * ```ts
   * const { kvs, revision } = await client.getAll({ prefix: "services/" });
   * console.log(kvs.length, "services at revision", revision);
   * ```
   */
  getAll(range: KeyRange, options?: PageOptions): Promise<RangePage> {
    return this.#kv.getAll(range, options);
  }

  /**
   * Reads a range of any size at one revision, page by page as the loop asks for more.
   *
   * @example
   * ```ts
   * for await (const page of client.pages({ prefix: "" }, { pageSize: 500 })) {
   *   for (const pair of page.kvs) console.log(pair.keyText());
   * }
   * ```
   */
  pages(range: KeyRange, options?: PageOptions): AsyncGenerator<RangePage, void, undefined> {
    return this.#kv.pages(range, options);
  }

  /**
   * Writes one pair. Never sent twice: see {@link EtcdError.isOutcomeUnknown}.
   *
   * @example
   * ```ts
   * const { revision } = await client.put("config/limit", "10");
   * console.log("written at", revision);
   * ```
   */
  put(key: Bytes, value: Bytes, options?: PutOptions & CallOptions): Promise<PutResult> {
    return this.#kv.put(key, value, options);
  }

  /**
   * Removes pairs at one revision. Never sent twice.
   *
   * @example
   * ```ts
   * const { deleted } = await client.delete({ prefix: "sessions/" });
   * console.log(deleted, "removed");
   * ```
   */
  delete(range: KeyRange, options?: DeleteOptions & CallOptions): Promise<DeleteResult> {
    return this.#kv.delete(range, options);
  }

  /**
   * Begins a transaction; `commit` sends it. Never sent twice.
   *
   * @example
   * ```ts
   * import { compare, op } from "@quorate/client";
   *
   * const result = await client
   *   .txn()
   *   .if(compare.missing("lock"))
   *   .then(op.put("lock", "me"))
   *   .else(op.get("lock"))
   *   .commit();
   * if (!result.succeeded) console.log(result.results[0].kvs[0]?.text());
   * ```
   */
  txn(): Txn {
    return this.#kv.txn();
  }

  /** Gives up the history of the whole store below a revision. */
  compact(revision: number, options?: CompactOptions): Promise<void> {
    return this.#kv.compact(revision, options);
  }

  /**
   * Watches keys from now, or from a revision, until the loop is left.
   *
   * @example
   * ```ts
   * const { kvs, revision } = await client.getAll({ prefix: "config/" });
   * await using watcher = client.watch({ prefix: "config/" }, { startRevision: revision + 1 });
   * console.log(kvs.length, "settings at first");
   * await client.put("config/limit", "20");
   * for await (const event of watcher) {
   *   console.log(event.type, event.kv.keyText(), event.kv.text());
   *   if (event.kv.text() === "20") break;
   * }
   * ```
   */
  watch(range: KeyRange, options: WatchOptions = {}): Watcher {
    const { transport, hub } = this.#core;
    const wireRange = toWireRange(range, this.#namespace);
    return new Watcher(hub, wireRange, this.#namespace.length, options, {
      bufferMaxBytes: transport.options.watchBufferMaxBytes,
      bufferMaxEvents: transport.options.watchBufferMaxEvents,
    });
  }

  /**
   * Streams a member's database image for a backup; checked against its digest at the end.
   *
   * @returns Pieces to write to a file in order; etcd's tools accept the file.
   * @throws {@link TransportError} `malformed-answer` when the digest is wrong or missing.
   * @example
   * ```ts
   * import { createWriteStream } from "node:fs";
   * import { pipeline } from "node:stream/promises";
   *
   * await pipeline(client.snapshot(), createWriteStream("/tmp/backup.db"));
   * ```
   */
  snapshot(options: MemberCallOptions = {}): AsyncGenerator<Uint8Array, void, undefined> {
    return readSnapshot(this.#core.transport, options);
  }

  /**
   * A view of the same client in which every key has the prefix, unseen by the caller.
   *
   * Shares connections, watches and renewals; closing the view closes nothing.
   *
   * @example
   * ```ts
   * const team = client.namespace("team-a/");
   * await team.put("limit", "10"); // writes team-a/limit
   * ```
   */
  namespace(prefix: Bytes): Client {
    const namespace = concatBytes(this.#namespace, toBytes(prefix));
    return new Client({ endpoints: this.endpoints, namespace }, this.#core);
  }

  /** Replaces the endpoints by those the members advertise; returns them. */
  syncEndpoints(): Promise<readonly string[]> {
    return syncEndpoints(this.#core.transport);
  }

  /**
   * Ends all calls, watches and renewals and closes the connections. Idempotent.
   *
   * Leases are not revoked: they run out unless somebody adopts them.
   */
  close(): void {
    if (this.#isRoot) this.#core.transport.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await Promise.resolve();
  }
}

function openCore(options: ClientOptions): Core {
  const resolved = resolveOptions(options);
  const runtime: Runtime = {
    clock: options.runtime?.clock ?? new NodeClock(),
    timers: options.runtime?.timers ?? new NodeTimers(),
    random: options.runtime?.random ?? new NodeRandom(),
    createChannel: options.runtime?.createChannel ?? createGrpcJsChannel,
    logger: options.logger,
    tracer: options.tracer,
  };
  const { auth } = resolved;
  const transport = new Transport(
    resolved,
    runtime,
    auth === undefined ? undefined : (own) => fetchToken(own, auth.user, auth.password),
  );
  if (resolved.endpointSyncMillis > 0) {
    void keepEndpointsInSync(transport, resolved.endpointSyncMillis);
  }
  return {
    transport,
    hub: new WatchHub(transport),
    keeper: new LeaseKeeper(transport),
    calls: serviceClients(transport),
  };
}

/** A token of the user; undefined when the server has authentication off. */
async function fetchToken(
  transport: Transport,
  name: string,
  password: string,
): Promise<string | undefined> {
  try {
    const method = services.auth.authenticate;
    const response = await transport.unary(method, { name, password }, { withoutToken: true });
    return response.token;
  } catch (error) {
    if (error instanceof ServerError && error.code === "auth-not-enabled") return undefined;
    throw error;
  }
}
