import type { RpcStream } from "@quorate/grpc";
import type { Timer } from "@quorate/platform";
import { checkCall } from "./calls.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/**
 * Election timeouts without a leader until streams are ended. etcd counts three, but from when it
 * notices, one to two later; members here know at once that the leader's process is gone.
 */
const leaderlessElections = 5;

/**
 * Streams that have no end of their own. They are ended when the server closes, and those whose
 * client asked by `hasleader` when the cluster has no leader: a watch that can hear nothing should
 * say so, so that its client may try another member.
 */
export class OpenStreams {
  readonly #context: ServiceContext;
  /** Each with what lets go of what it holds. */
  readonly #streams = new Map<RpcStream, () => void>();
  #timer: Timer | undefined;
  /** Whether there has been no leader for so long that streams are ended. */
  #isLeaderLost = false;

  constructor(context: ServiceContext) {
    this.#context = context;
    if (context.member.leader === undefined) this.#timer = this.#waitForLeader();
    context.member.onSoftState(({ leader }) => {
      if (leader === undefined) {
        // Candidacies without success are no news: time runs from the loss of the leader.
        this.#timer ??= this.#waitForLeader();
        return;
      }
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#isLeaderLost = false;
    });
  }

  /**
   * Refuses streams that this member cannot serve. During an election a stream is taken, as the
   * streams that are open already are kept: a client that comes from the old leader, which has just
   * died, would otherwise be told that there is no leader, and `etcdctl watch` ends of that.
   *
   * @throws ServiceError
   */
  admit(stream: RpcStream): void {
    checkCall(this.#context, stream, false, !this.#isLeaderLost);
  }

  /**
   * Adds a stream until its caller goes away or it is deleted.
   *
   * @param onEnd - Runs once when the stream is ended here or its caller goes away.
   */
  add(stream: RpcStream, onEnd: () => void = () => undefined): void {
    this.#streams.set(stream, onEnd);
    stream.onCancel(() => {
      if (this.#streams.delete(stream)) onEnd();
    });
  }

  /** The stream has ended. */
  delete(stream: RpcStream): void {
    this.#streams.delete(stream);
  }

  /** Ends all streams: the server stops. */
  close(): void {
    this.#timer?.cancel();
    for (const stream of this.#streams.keys()) this.#end(stream, "stopped");
  }

  #waitForLeader(): Timer {
    const { timers, options } = this.#context;
    return timers.setTimer(leaderlessElections * options.electionTimeoutMillis, () => {
      this.#isLeaderLost = true;
      for (const stream of this.#streams.keys()) {
        if (stream.header("hasleader") === "true") this.#end(stream, "no-leader");
      }
    });
  }

  #end(stream: RpcStream, reason: "stopped" | "no-leader"): void {
    const onEnd = this.#streams.get(stream);
    this.#streams.delete(stream);
    onEnd?.();
    stream.fail(toStatus(new ServiceError(reason)));
  }
}
