import type { RpcStream } from "@quorate/grpc";
import type { Timer } from "@quorate/platform";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";

/**
 * Streams whose client asked by `hasleader` to be ended when the cluster has no leader: a watch that
 * can hear nothing should say so, so that its client may try another member.
 */
export class LeaderlessStreams {
  readonly #context: ServiceContext;
  readonly #streams = new Set<RpcStream>();
  #timer: Timer | undefined;

  constructor(context: ServiceContext) {
    this.#context = context;
    context.member.onSoftState(({ leader }) => {
      this.#timer?.cancel();
      this.#timer = undefined;
      if (leader === undefined) this.#wait();
    });
  }

  /** Adds a stream; one that did not ask is passed over. */
  add(stream: RpcStream): void {
    if (stream.header("hasleader") !== "true") return;
    this.#streams.add(stream);
    stream.onCancel(() => this.#streams.delete(stream));
  }

  /** The stream has ended. */
  delete(stream: RpcStream): void {
    this.#streams.delete(stream);
  }

  #wait(): void {
    const { timers, options } = this.#context;
    this.#timer = timers.setTimer(3 * options.electionTimeoutMillis, () => {
      for (const stream of this.#streams) stream.fail(toStatus(new ServiceError("no-leader")));
      this.#streams.clear();
    });
  }
}
