import {
  isServiceName,
  parseInstance,
  type CallOptions,
  type Client,
  type Instance,
  type KeyValue,
} from "@quorate/client";

import { InvalidInstanceError } from "./errors.ts";
import { toInstance, type InstanceInit } from "./instance.ts";
import { InstanceWatch, type InstanceWatchOptions } from "./instance-watch.ts";
import { Registration, type RegistrationOptions } from "./registration.ts";

/** Where the registry keeps its rows unless told otherwise. */
export const defaultRegistryRoot = "/quorate/registry/";

/** Options of {@link Registry}. */
export interface RegistryOptions {
  /** Prefix of all rows; ends with a slash. @default "/quorate/registry/" */
  readonly root?: string;
}

/** A row that is not an instance. */
export interface ForeignRow {
  readonly key: string;
  readonly problem: string;
  readonly modRevision: number;
}

/** An instance with its place in the store's history. */
export interface RegisteredInstance extends Instance {
  /** The row. */
  readonly key: string;
  /** Create revision of the row; with the lease it tells registrations apart. */
  readonly token: number;
  readonly modRevision: number;
  /** Lease the row ends with; 0n for a row that stays. */
  readonly leaseId: bigint;
}

/** The instances of a service at one revision. */
export interface Resolved {
  readonly revision: number;
  readonly instances: readonly RegisteredInstance[];
  /** Rows that were skipped. */
  readonly foreign: readonly ForeignRow[];
}

/**
 * Finds running copies of services: they register, others resolve and watch.
 *
 * Rows are `<root><service>/<instance id>` and hold JSON; see `instance.ts` of the client. A row
 * lives as long as its lease, so a copy that dies is gone after its TTL.
 *
 * @example
 * ```ts
 * import { connect } from "@quorate/client";
 * import { Registry } from "@quorate/recipes";
 *
 * await using client = connect({ endpoints: ["127.0.0.1:2379"] });
 * const registry = new Registry(client);
 * await using registration = await registry.register(
 *   { service: "web", id: "host-1", address: "10.0.0.1:8080", tags: ["blue"] },
 *   { ttlSeconds: 10 },
 * );
 * const { instances } = await registry.resolve("web");
 * console.log(instances.map((instance) => instance.address), registration.state);
 * for await (const event of registry.watch("web")) {
 *   if (event.kind === "snapshot") console.log(event.instances.length, "running");
 *   if (event.kind === "up") console.log("new", event.instance.address);
 *   if (event.kind === "down") console.log("gone", event.instance.address);
 *   break;
 * }
 * ```
 */
export class Registry {
  readonly client: Client;
  readonly root: string;

  constructor(client: Client, options: RegistryOptions = {}) {
    this.client = client;
    this.root = options.root ?? defaultRegistryRoot;
    if (!this.root.endsWith("/")) {
      throw new InvalidInstanceError([`root: expected a slash at the end of "${this.root}"`]);
    }
  }

  /**
   * Registers an instance and keeps it registered until the registration is closed.
   *
   * A lease that is lost, as after a long pause, and a row that somebody removes are written
   * again; a row that another process takes over is left to it.
   * @throws InvalidInstanceError; InstanceConflictError when `onConflict` is `fail` and the row
   *   exists; SessionLostError when the lease ran out before the row was written; what the store
   *   refuses.
   */
  async register(init: InstanceInit, options: RegistrationOptions = {}): Promise<Registration> {
    const instance = toInstance(init);
    return await Registration.open(this.client, this.key(instance), instance, options);
  }

  /**
   * Reads the instances of one service, or of all.
   *
   * @throws InvalidInstanceError when the name cannot be a service.
   */
  async resolve(service?: string, options: CallOptions = {}): Promise<Resolved> {
    const { kvs, revision } = await this.client.getAll({ prefix: this.prefix(service) }, options);
    const instances: RegisteredInstance[] = [];
    const foreign: ForeignRow[] = [];
    for (const kv of kvs) {
      const row = readRow(kv, this.root);
      if ("problem" in row) foreign.push(row);
      else instances.push(row);
    }
    return { revision, instances, foreign };
  }

  /**
   * Follows the instances of one service, or of all: first a snapshot, then every change.
   *
   * @throws InvalidInstanceError when the name cannot be a service.
   */
  watch(service?: string, options: InstanceWatchOptions = {}): InstanceWatch {
    const source = {
      client: this.client,
      prefix: this.prefix(service),
      read: (kv: KeyValue) => readRow(kv, this.root),
      resolve: (call: CallOptions) => this.resolve(service, call),
    };
    return new InstanceWatch(source, options);
  }

  /** The row of an instance. */
  key(instance: Pick<Instance, "service" | "id">): string {
    return `${this.root}${instance.service}/${instance.id}`;
  }

  /** Prefix of the rows of one service, or of all. */
  prefix(service?: string): string {
    if (service === undefined) return this.root;
    if (!isServiceName(service)) {
      throw new InvalidInstanceError(["service: expected letters, digits, . _ -"]);
    }
    return `${this.root}${service}/`;
  }
}

function readRow(kv: KeyValue, root: string): RegisteredInstance | ForeignRow {
  const key = kv.keyText();
  const parsed = parseInstance(key.slice(root.length), kv.text());
  if ("problem" in parsed) return { key, problem: parsed.problem, modRevision: kv.modRevision };
  return {
    ...parsed.instance,
    key,
    token: kv.createRevision,
    modRevision: kv.modRevision,
    leaseId: kv.lease,
  };
}
