/**
 * The queue behind locks and elections: who created its key first owns the name.
 *
 * Layout and rule are those of etcd's Go package `concurrency`, so `etcdctl lock` and `elect`
 * stand in the same queue:
 *
 *   <name>/<lease a, hex>   created at revision 12   <- owner
 *   <name>/<lease b, hex>   created at revision 15   waits for the deletion of a
 *   <name>/<lease c, hex>   created at revision 20   waits for the deletion of b
 *
 * A waiter watches its predecessor, so that a release wakes one, and its own key, so that a lost
 * session ends the wait. Before it returns it reads both at one revision and looks at its own
 * clock (K2): no key is older, the own key is still there, the own session is still alive.
 */
import {
  compare,
  EtcdError,
  op,
  WatchCompactedError,
  type Bytes,
  type Client,
  type KeyValue,
} from "@quorate/client";

import {
  AlreadyQueuedError,
  NotOwnerError,
  RecipeError,
  SessionLostError,
  WaitCancelledError,
} from "./errors.ts";
import type { Session } from "./session.ts";
import { LinkedSignal, pause, untilAvailable } from "./signals.ts";

/** How long a place in the queue is asked for again after an unknown outcome; milliseconds. */
const retryPauseMillis = 100;

/** A place in the queue of a name. @internal */
export interface QueuePlace {
  readonly session: Session;
  /** `<name>/`. */
  readonly prefix: string;
  readonly key: string;
  readonly createRevision: number;
}

/** A place that is at the head. @internal */
export interface HeadPlace extends QueuePlace {
  /** Store revision at which that was so. */
  readonly revision: number;
}

/** The key of a session in the queue of a name. */
export function ownerKey(name: string, session: Session): string {
  return `${name}/${session.leaseId.toString(16)}`;
}

/**
 * Takes a place at the end of the queue.
 *
 * The transaction creates the key only if it is missing, so it may be repeated when its outcome is
 * unknown: the key is the session's own.
 * @throws {@link AlreadyQueuedError} when the session had a place before.
 * @internal
 */
export async function joinQueue(
  session: Session,
  name: string,
  value: Bytes,
  signal: AbortSignal | undefined,
): Promise<QueuePlace> {
  const key = ownerKey(name, session);
  const prefix = `${name}/`;
  using either = new LinkedSignal(signal, session.lost);
  let isRepeated = false;
  for (;;) {
    assertWaiting(session, signal, `queue for "${name}"`);
    try {
      const joined = await session.client
        .txn()
        .if(compare.missing(key))
        .then(op.put(key, value, { lease: session.leaseId }))
        .else(op.get(key))
        .commit({ signal: either.signal });
      if (joined.succeeded) return { session, prefix, key, createRevision: joined.revision };
      const pair = joined.results[0].kvs[0];
      if (!isRepeated) throw new AlreadyQueuedError(key);
      if (pair !== undefined) return { session, prefix, key, createRevision: pair.createRevision };
    } catch (error) {
      if (!(error instanceof EtcdError)) throw error;
      if (error.isOutcomeUnknown) {
        if (either.aborted) await leaveQuietly(session.client, key, session.leaseId);
        isRepeated = true;
      } else if (!error.isTransient) {
        assertWaiting(session, signal, `queue for "${name}"`);
        throw error;
      }
      await pause(session.client, retryPauseMillis, either.signal);
    }
  }
}

/** Finds the place a session took earlier, in this process or one before it. @internal */
export async function findPlace(session: Session, name: string): Promise<QueuePlace> {
  const key = ownerKey(name, session);
  // Not keysOnly: etcd 3.7 then leaves the lease out.
  const pair = await session.client.get(key);
  if (pair?.lease !== session.leaseId) throw new NotOwnerError("resume", key);
  return { session, prefix: `${name}/`, key, createRevision: pair.createRevision };
}

/**
 * Waits until a place is at the head; see the file comment.
 *
 * @throws {@link SessionLostError}, {@link WaitCancelledError} after leaving the queue, or what the
 *   store refused.
 * @internal
 */
export async function waitForHead(
  place: QueuePlace,
  signal: AbortSignal | undefined,
): Promise<HeadPlace> {
  const doing = `wait for "${place.prefix}"`;
  try {
    for (;;) {
      assertWaiting(place.session, signal, doing);
      const { revision, predecessor } = await look(place, signal);
      if (predecessor === undefined) {
        assertWaiting(place.session, signal, doing);
        return { ...place, revision };
      }
      await waitForChange(place, predecessor, revision, signal);
    }
  } catch (error) {
    await leaveQueue(place).catch(() => undefined);
    if (!(error instanceof RecipeError)) assertWaiting(place.session, signal, doing);
    throw error;
  }
}

/** Gives a place up; resolves to false when it was gone already. @internal */
export async function leaveQueue(place: QueuePlace): Promise<boolean> {
  const { client } = place.session;
  const left = await client
    .txn()
    .if(compare.createRevision(place.key, "==", place.createRevision))
    .then(op.delete(place.key))
    .commit();
  return left.succeeded;
}

/** Own key and predecessor, both at one revision. */
async function look(
  place: QueuePlace,
  signal: AbortSignal | undefined,
): Promise<{ readonly revision: number; readonly predecessor: KeyValue | undefined }> {
  const { session, key, prefix, createRevision } = place;
  const newestOlder = {
    maxCreateRevision: createRevision - 1,
    sort: { by: "create-revision", order: "descending" },
    limit: 1,
    keysOnly: true,
  } as const;
  using either = new LinkedSignal(signal, session.lost);
  const read = session.client
    .txn()
    .then(op.get(key, { keysOnly: true }), op.get({ prefix }, newestOlder));
  const seen = await untilAvailable(
    session.client,
    () => read.commit({ signal: either.signal }),
    either.signal,
  );
  if (!seen.succeeded) throw new NotOwnerError("look at", key);
  const [own, older] = seen.results;
  if (own.kvs[0]?.createRevision !== createRevision) {
    throw new SessionLostError(`wait for "${prefix}"`, new NotOwnerError("hold", key));
  }
  return { revision: seen.revision, predecessor: older.kvs[0] };
}

/** Waits until the predecessor or the own key is deleted, or it is worth looking again. */
async function waitForChange(
  place: QueuePlace,
  predecessor: KeyValue,
  revision: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { session, key } = place;
  const over = new AbortController();
  using either = new LinkedSignal(signal, session.lost, over.signal);
  const options = {
    startRevision: revision + 1,
    only: "deletes",
    signal: either.signal,
  } as const;
  const deleted = async (watched: Bytes): Promise<void> => {
    try {
      await session.client.watch(watched, options).batches().next();
    } catch (error) {
      // Looking again finds out what happened, also when history is gone.
      if (!either.aborted && !(error instanceof WatchCompactedError)) throw error;
    }
  };
  const watches = [deleted(predecessor.key), deleted(key)];
  try {
    await Promise.race(watches);
  } finally {
    over.abort();
    await Promise.allSettled(watches);
  }
}

function assertWaiting(session: Session, signal: AbortSignal | undefined, doing: string): void {
  if (!session.isAlive()) throw new SessionLostError(doing, session.lost.reason);
  if (signal?.aborted === true) throw new WaitCancelledError(doing, signal.reason);
}

/** Removes a key that may or may not have been written under a lease; best effort. */
async function leaveQuietly(client: Client, key: string, lease: bigint): Promise<void> {
  try {
    await client
      .txn()
      .if(compare.lease(key, "==", lease))
      .then(op.delete(key))
      .commit();
  } catch {
    // The key ends with its lease.
  }
}
