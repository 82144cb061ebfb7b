/**
 * Whom this member talks to: the members of its state, and those that its state cannot name.
 *
 * - **Strangers** speak to it though it does not know them: it is new, or was away while others
 *   came. They know more of the cluster than it does, the leader among them, so it listens and
 *   answers; its state tells it later who they are.
 * - **The departing** were removed a moment ago: their leader still tells them that this is
 *   committed, so that they stop by themselves. After that they are refused (M3).
 */
import type { Clock } from "@quorate/platform";
import { toMemberId, type MemberId } from "@quorate/raft";
import type { MembershipView } from "@quorate/state-machine";
import type { PeerAddress, PeerTransport } from "../peer/peer-transport.ts";

/** What a directory is made of. */
export interface PeerDirectoryParts {
  readonly memberId: MemberId;
  readonly members: () => MembershipView;
  readonly transport: Pick<PeerTransport, "setPeers">;
  readonly clock: Clock;
  /** How long the departing are served. */
  readonly departureMillis: number;
}

/** Strangers beyond this many take the place of the one that spoke least lately. */
const strangersMax = 16;

/** See the head of the file. */
export class PeerDirectory {
  readonly #parts: PeerDirectoryParts;
  #known = new Map<MemberId, PeerAddress>();
  /** In order of their last words. */
  readonly #strangers = new Map<MemberId, PeerAddress>();
  readonly #departing = new Map<
    MemberId,
    { readonly address: PeerAddress; readonly endMillis: number }
  >();

  constructor(parts: PeerDirectoryParts) {
    this.#parts = parts;
  }

  /** The members may have changed. */
  update(): void {
    const { members, clock, departureMillis } = this.#parts;
    const view = members();
    const known = view.members.map(({ id, peerUrls }) => ({ memberId: toMemberId(id), peerUrls }));
    const before = this.#known;
    this.#known = new Map(known.map((address) => [address.memberId, address]));
    const endMillis = clock.monotonicMillis() + departureMillis;
    for (const [memberId, address] of before) {
      if (!this.#known.has(memberId)) this.#departing.set(memberId, { address, endMillis });
    }
    for (const memberId of this.#strangers.keys()) {
      if (this.#known.has(memberId) || view.isRemoved(memberId)) this.#strangers.delete(memberId);
    }
    this.#tell();
  }

  /**
   * Whether a peer that dials may speak to this member.
   *
   * @param peerUrls - Where it says that it can be dialled.
   */
  admit(from: MemberId, peerUrls: readonly string[]): "known" | "removed" {
    if (this.#known.has(from) || this.#departing.has(from)) return "known";
    if (this.#parts.members().isRemoved(from)) return "removed";
    this.#meet({ memberId: from, peerUrls });
    return "known";
  }

  /** A frame came. @returns Whether it may be taken. */
  // Hot: one look-up for members.
  hear(from: MemberId): boolean {
    if (this.#known.has(from)) return true;
    const stranger = this.#strangers.get(from);
    if (stranger !== undefined) {
      this.#strangers.delete(from);
      this.#strangers.set(from, stranger);
      return true;
    }
    return this.admit(from, []) === "known";
  }

  /** Time has passed: the departing have been told. */
  tick(nowMillis: number): void {
    let hasChanged = false;
    for (const [memberId, { endMillis }] of this.#departing) {
      if (endMillis > nowMillis) continue;
      this.#departing.delete(memberId);
      hasChanged = true;
    }
    if (hasChanged) this.#tell();
  }

  #meet(address: PeerAddress): void {
    const { memberId } = address;
    if (memberId === this.#parts.memberId) return;
    const before = this.#strangers.get(memberId);
    this.#strangers.delete(memberId);
    const [oldest] = this.#strangers.keys();
    if (this.#strangers.size >= strangersMax && oldest !== undefined) {
      this.#strangers.delete(oldest);
    }
    this.#strangers.set(memberId, address);
    if (before?.peerUrls.join() !== address.peerUrls.join()) this.#tell();
  }

  #tell(): void {
    const departing = [...this.#departing.values()].map(({ address }) => address);
    this.#parts.transport.setPeers([
      ...this.#known.values(),
      ...this.#strangers.values(),
      ...departing,
    ]);
  }
}
