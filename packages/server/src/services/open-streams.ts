import type { RpcStream } from "@quorate/grpc";
import type { Timer } from "@quorate/platform";
import { checkCall } from "./calls.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/**
 * Election timeouts for which a leader counts as known after it was lost. Members of etcd notice a
 * dead leader after one to two; here they know at once that its process is gone.
 */
const noticeElections = 2;
/** Election timeouts from then on, without any leader, until streams are ended; as etcd. */
const leaderlessElections = 3;

/**
 * Streams that have no end of their own. They are ended when the server closes, and those whose
 * client asked by `hasleader` when the cluster has no leader: a watch that can hear nothing should
 * say so, so that its client may try another member.
 */
export class OpenStreams {
  readonly #context: ServiceContext;
  /** Each with what lets go of what it holds. */
  readonly #streams = new Map<RpcStream, () => void>();
  /** Those that carry watches. */
  readonly #watches = new Set<RpcStream>();
  #timer: Timer | undefined;
  /** Whether there is a leader, or was one a short while ago. */
  #isLeaderKnown: boolean;

  constructor(context: ServiceContext) {
    this.#context = context;
    this.#isLeaderKnown = context.member.leader !== undefined;
    context.member.onSoftState(({ leader }) => {
      if (leader === undefined) {
        // Candidacies without success are no news: time runs from the loss of the leader.
        this.#timer ??= this.#waitForLeader();
        return;
      }
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#isLeaderKnown = true;
    });
  }

  /**
   * Refuses streams that this member cannot serve. One that asks for a leader is taken for a while
   * after the leader was lost: its client may come from there, and `etcdctl watch` ends for good
   * when it is told that there is none.
   *
   * @throws ServiceError
   */
  admit(stream: RpcStream): void {
    checkCall(this.#context, stream, false, this.#isLeaderKnown);
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

  /** Adds a stream of watches, as {@link OpenStreams.add} does. */
  addWatch(stream: RpcStream, onEnd: () => void): void {
    this.#watches.add(stream);
    this.add(stream, () => {
      this.#watches.delete(stream);
      onEnd();
    });
  }

  /** Bytes that wait for the clients of watches (W11). */
  get watchBufferedBytes(): number {
    let bytes = 0;
    for (const { bufferedBytes } of this.#watches) bytes += bufferedBytes;
    return bytes;
  }

  /** The stream has ended. */
  delete(stream: RpcStream): void {
    this.#streams.delete(stream);
    this.#watches.delete(stream);
  }

  /** Ends all streams: the server stops. */
  close(): void {
    this.#timer?.cancel();
    for (const stream of this.#streams.keys()) this.#end(stream, "stopped");
  }

  #waitForLeader(): Timer {
    const { timers, options } = this.#context;
    return timers.setTimer(noticeElections * options.electionTimeoutMillis, () => {
      this.#isLeaderKnown = false;
      const leftMillis = leaderlessElections * options.electionTimeoutMillis;
      this.#timer = timers.setTimer(leftMillis, () => this.#endLeaderless());
    });
  }

  #endLeaderless(): void {
    for (const stream of this.#streams.keys()) {
      if (stream.header("hasleader") === "true") this.#end(stream, "no-leader");
    }
  }

  #end(stream: RpcStream, reason: "stopped" | "no-leader"): void {
    const onEnd = this.#streams.get(stream);
    this.#streams.delete(stream);
    onEnd?.();
    stream.fail(toStatus(new ServiceError(reason)));
  }
}
