import type { RpcStream } from "@quorate/grpc";
import type { Timer } from "@quorate/platform";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/**
 * Streams that have no end of their own. They are ended when the server closes, and those whose
 * client asked by `hasleader` when the cluster has no leader: a watch that can hear nothing should
 * say so, so that its client may try another member.
 */
export class OpenStreams {
  readonly #context: ServiceContext;
  readonly #streams = new Set<RpcStream>();
  #timer: Timer | undefined;

  constructor(context: ServiceContext) {
    this.#context = context;
    context.member.onSoftState(({ leader }) => {
      this.#timer?.cancel();
      this.#timer = undefined;
      if (leader === undefined) this.#waitForLeader();
    });
  }

  /** Adds a stream until its caller goes away or it is deleted. */
  add(stream: RpcStream): void {
    this.#streams.add(stream);
    stream.onCancel(() => this.#streams.delete(stream));
  }

  /** The stream has ended. */
  delete(stream: RpcStream): void {
    this.#streams.delete(stream);
  }

  /** Ends all streams: the server stops. */
  close(): void {
    this.#timer?.cancel();
    for (const stream of this.#streams) stream.fail(toStatus(new ServiceError("stopped")));
    this.#streams.clear();
  }

  #waitForLeader(): void {
    const { timers, options } = this.#context;
    this.#timer = timers.setTimer(3 * options.electionTimeoutMillis, () => {
      for (const stream of this.#streams) {
        if (stream.header("hasleader") !== "true") continue;
        this.#streams.delete(stream);
        stream.fail(toStatus(new ServiceError("no-leader")));
      }
    });
  }
}
