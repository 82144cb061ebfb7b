/**
 * What a member tells the cluster of itself through the log: its name and client URLs once it has
 * started, and, as leader, the version that all members serve.
 */
import type { Logger, Timer, Timers } from "@quorate/platform";
import { encodeClusterVersionRequest, encodeMemberAttributes } from "@quorate/state-machine";
import type { Member } from "./member/member.ts";
import { toProposal, type SettleListener } from "./member/outcome.ts";
import { clusterVersion } from "./version.ts";

/** What is published. */
export interface PublishedAttributes {
  readonly name: string;
  readonly clientUrls: readonly string[];
}

const retryMillis = 200;

/** Publishes until it has succeeded or is closed. */
export class Publisher {
  readonly #member: Member;
  readonly #attributes: PublishedAttributes;
  readonly #timers: Timers;
  readonly #logger: Logger;
  readonly #stopListening: () => void;
  #timer: Timer | undefined;
  #versionTimer: Timer | undefined;
  #isClosed = false;

  constructor(
    member: Member,
    attributes: PublishedAttributes,
    { timers, logger }: { readonly timers: Timers; readonly logger: Logger },
  ) {
    this.#member = member;
    this.#attributes = attributes;
    this.#timers = timers;
    this.#logger = logger;
    this.#stopListening = member.onSoftState(({ role }) => {
      if (role === "leader") this.#publishVersion();
    });
  }

  /** Resolves when the cluster knows this member; never when it is closed before. */
  publish(): Promise<void> {
    return new Promise((resolve) => {
      this.#tryPublish(resolve);
    });
  }

  /** Stops. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#versionTimer?.cancel();
    this.#stopListening();
  }

  #tryPublish(onDone: () => void): void {
    if (this.#isClosed) return;
    const message = { memberId: this.#member.memberId, ...this.#attributes };
    const bytes = encodeMemberAttributes(message);
    const settle: SettleListener = (outcome, failure) => {
      if (outcome !== undefined && outcome.kind !== "refused") {
        this.#logger.info("published local member to cluster", {
          name: this.#attributes.name,
          "member-id": this.#member.memberId.toString(16),
        });
        onDone();
        return;
      }
      if (this.#isClosed) return;
      this.#logger.debug("publishing waits for a leader", { reason: failure?.reason });
      this.#timer = this.#timers.setTimer(retryMillis, () => {
        this.#tryPublish(onDone);
      });
    };
    this.#member.propose(toProposal({ kind: "member-attributes", message }, bytes, settle));
  }

  #publishVersion(): void {
    if (this.#isClosed || this.#member.state.clusterVersion === clusterVersion) return;
    const message = { version: clusterVersion };
    const bytes = encodeClusterVersionRequest(message);
    const settle: SettleListener = (outcome) => {
      // A leader that loses its term leaves it to the next one.
      if (outcome !== undefined || !this.#member.isLeader || this.#isClosed) return;
      this.#versionTimer = this.#timers.setTimer(retryMillis, () => this.#publishVersion());
    };
    this.#member.propose(toProposal({ kind: "cluster-version", message }, bytes, settle));
  }
}
