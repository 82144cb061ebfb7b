/**
 * Questions that only the leader can answer, asked by the other members: renewals, remaining times,
 * membership changes. A question is sent again when its answer is lost only if asking twice does no
 * harm; the caller decides.
 */
import type { Clock } from "@quorate/platform";
import type { MemberId } from "@quorate/raft";
import { FrameKind } from "../peer/frame.ts";
import type { PeerTransport } from "../peer/peer-transport.ts";

/** What a question is about; the number is its code on the wire. */
export const LeaderRequestKind = {
  leaseRenew: 1,
  leaseTimeToLive: 2,
  memberChange: 3,
  moveLeader: 4,
} as const;

/** One of the numbers of {@link LeaderRequestKind}. */
export type LeaderRequestKind = (typeof LeaderRequestKind)[keyof typeof LeaderRequestKind];

/** How a question ended. */
export type LeaderAnswer =
  | { readonly kind: "answer"; readonly payload: Uint8Array }
  | { readonly kind: "not-leader" }
  /** It was not sent at all. */
  | { readonly kind: "unsent" }
  | { readonly kind: "lost" };

/** Answers a question on the leader; undefined when this member does not lead. */
export type LeaderRequestHandler = (
  kind: number,
  payload: Uint8Array,
) => Promise<Uint8Array | undefined>;

const headBytes = 5;
const statusAnswer = 0;
const statusNotLeader = 1;

interface Asked {
  readonly to: MemberId;
  readonly deadline: number;
  readonly settle: (answer: LeaderAnswer) => void;
}

/** Both sides: asks, and answers what others ask. */
export class LeaderRequests {
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #handle: LeaderRequestHandler;
  readonly #asked = new Map<number, Asked>();
  #nextId: number;

  /**
   * @param firstId - Drawn at random: an answer to an earlier life of this process must not be
   *   taken for one to this life's question.
   */
  constructor(
    transport: PeerTransport,
    clock: Clock,
    firstId: number,
    handle: LeaderRequestHandler,
  ) {
    this.#transport = transport;
    this.#clock = clock;
    this.#nextId = (firstId % 0xffffffff) + 1;
    this.#handle = handle;
  }

  /** Asks a member that is believed to lead. Never rejects. */
  ask(
    to: MemberId,
    kind: LeaderRequestKind,
    payload: Uint8Array,
    timeoutMillis: number,
  ): Promise<LeaderAnswer> {
    const id = this.#nextId;
    this.#nextId = (this.#nextId % 0xffffffff) + 1;
    const head = Buffer.allocUnsafe(headBytes);
    head.writeUInt32LE(id, 0);
    head[4] = kind;
    return new Promise((settle) => {
      if (!this.#transport.send(to, FrameKind.request, [head, payload])) {
        settle({ kind: "unsent" });
        return;
      }
      this.#asked.set(id, { to, deadline: this.#clock.monotonicMillis() + timeoutMillis, settle });
    });
  }

  /** Takes a request frame of another member. */
  handleRequest(from: MemberId, payload: Uint8Array): void {
    if (payload.length < headBytes) return;
    const head = Buffer.from(payload.subarray(0, headBytes));
    const respond = (status: number, answer: Uint8Array): void => {
      const answerHead = Buffer.allocUnsafe(headBytes);
      answerHead.writeUInt32LE(head.readUInt32LE(0), 0);
      answerHead[4] = status;
      this.#transport.send(from, FrameKind.response, [answerHead, answer]);
    };
    const nothing = new Uint8Array(0);
    this.#handle(head[4] ?? 0, payload.subarray(headBytes)).then(
      (answer) => {
        if (answer === undefined) respond(statusNotLeader, nothing);
        else respond(statusAnswer, answer);
      },
      () => {
        respond(statusNotLeader, nothing);
      },
    );
  }

  /** Takes a response frame. */
  handleResponse(payload: Uint8Array): void {
    if (payload.length < headBytes) return;
    const head = Buffer.from(payload.subarray(0, headBytes));
    const id = head.readUInt32LE(0);
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    this.#asked.delete(id);
    if (head[4] === statusAnswer) {
      asked.settle({ kind: "answer", payload: payload.subarray(headBytes) });
    } else {
      asked.settle({ kind: "not-leader" });
    }
  }

  /** Ends questions whose time is over. */
  tick(): void {
    const now = this.#clock.monotonicMillis();
    this.#lose(({ deadline }) => deadline <= now);
  }

  /** Another member leads, or none: nobody else's answer counts any more. */
  handleLeader(leader: MemberId | undefined): void {
    this.#lose(({ to }) => to !== leader);
  }

  /** The connection to a member broke: its answers may never come. */
  handleDisconnect(memberId: MemberId): void {
    this.#lose(({ to }) => to === memberId);
  }

  /** Ends all questions. */
  close(): void {
    this.#lose(() => true);
  }

  #lose(isLost: (asked: Asked) => boolean): void {
    for (const [id, asked] of this.#asked) {
      if (!isLost(asked)) continue;
      this.#asked.delete(id);
      asked.settle({ kind: "lost" });
    }
  }
}
