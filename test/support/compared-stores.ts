/**
 * The two stores of a comparison: real etcd as the model, and the server of this repository.
 *
 * Flags are given in the spelling of etcd 3.7. With `INTEROP_STORE=etcd` both sides are real etcd:
 * whatever differs then is a fault of the suite.
 */
import { within } from "./deadline.ts";
import type { EtcdCluster, EtcdOptions } from "./etcd-process.ts";
import { startStore, storeMissing, type StoreKind } from "./store.ts";

/** What {@link startComparedStore} takes beside the kind. */
export interface ComparedStoreOptions extends Omit<EtcdOptions, "command"> {
  /** Number of members. @default 1 */
  readonly size?: number;
}

const startMillis = 60_000;

/** Flags that etcd 3.4 knows by an older name. */
const olderFlags: ReadonlyMap<string, string> = new Map([
  ["--watch-progress-notify-interval", "--experimental-watch-progress-notify-interval"],
  ["--compaction-batch-limit", "--experimental-compaction-batch-limit"],
]);

const other: StoreKind = process.env["INTEROP_STORE"] === "etcd" ? "etcd" : "quorate";

/** Both sides of a comparison; the first is the model. */
export const comparedStores: readonly [StoreKind, StoreKind] = ["etcd", other];

/** False when both sides can be started here, else the reason to pass to `test(..., { skip })`. */
export const anyStoreMissing: string | false =
  comparedStores.map((kind) => storeMissing(kind)).find((reason) => reason !== false) ?? false;

/**
 * Starts a cluster of a store on free ports and waits until every member serves clients.
 *
 * @throws Error with the end of the log when a member ends or is not ready within a minute.
 */
export async function startComparedStore(
  kind: StoreKind,
  options: ComparedStoreOptions = {},
): Promise<EtcdCluster> {
  const { size = 1, flags = [], ...rest } = options;
  const spelled = kind === "etcd" ? flags.map((flag) => olderFlags.get(flag) ?? flag) : flags;
  const starting = startStore(kind, size, { ...rest, flags: spelled });
  try {
    return await within(startMillis, `${kind} to serve clients`, starting);
  } catch (error) {
    // It may still come up: then it is to go.
    void starting.then((cluster) => cluster.close()).catch(() => undefined);
    throw error;
  }
}
