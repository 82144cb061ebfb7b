import type { StoreKind } from "../support/store.ts";
import { Peer } from "./peer.ts";

/** Which cluster is wanted. */
export interface PeerWish {
  readonly kind: StoreKind;
  readonly members: number;
  /** Where CPU profiles go; undefined for none. */
  readonly profileFolder: string | undefined;
}

/**
 * Starts clusters and ends them again. A pool that shares gives one cluster to all questions, which
 * saves most of the time of a `--quick` run and makes rows depend on the rows before.
 */
export class PeerPool {
  readonly #isShared: boolean;
  readonly #idle = new Map<string, Peer>();

  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  /** A running cluster; the caller's until {@link PeerPool.giveBack}. */
  async take(wish: PeerWish): Promise<Peer> {
    const name = nameOf(wish.kind, wish.members);
    const idle = this.#idle.get(name);
    this.#idle.delete(name);
    return idle ?? (await Peer.start(wish.kind, wish.members, wish.profileFolder));
  }

  /** Ends a cluster, or keeps it for the next question. */
  async giveBack(peer: Peer): Promise<void> {
    const name = nameOf(peer.kind, peer.cluster.members.length);
    if (this.#isShared && !this.#idle.has(name)) this.#idle.set(name, peer);
    else await peer.close();
  }

  /** Ends every cluster that nobody uses. */
  async close(): Promise<void> {
    await Promise.all([...this.#idle.values()].map((peer) => peer.close()));
    this.#idle.clear();
  }
}

function nameOf(kind: StoreKind, members: number): string {
  return `${kind} ${members}`;
}
