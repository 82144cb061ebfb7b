import { connect, type Client } from "@quorate/client";
import type { ChannelFactory } from "@quorate/client/sim";
import { SimClock } from "@quorate/platform/sim";
import type { RawChannel } from "../workloads/watch-channel.ts";
import type { SimClient } from "../workloads/workload.ts";
import type { MachineHost } from "./machine-host.ts";
import { StoryChannel } from "./story-channel.ts";
import { ProcessTimers } from "./process-timers.ts";

/** What a client machine needs of its world. */
export type ClientHost = Pick<
  MachineHost,
  "scheduler" | "clients" | "fail" | "plan" | "story" | "isDetailed"
> & {
  readonly random: MachineHost["random"];
};

/** A machine on which a real client runs; it never crashes, but may stand still. */
export class ClientMachine implements SimClient {
  readonly name: string;
  readonly client: Client;
  readonly timers: ProcessTimers;
  readonly #clock: SimClock;
  #openChannel: ((endpoint: string) => RawChannel) | undefined;

  constructor(name: string, endpoints: readonly string[], host: ClientHost) {
    this.name = name;
    const random = host.random.split(`client ${name}`);
    const { driftMax } = host.plan.machine;
    const rate = driftMax === 0 ? 1 : 1 + (2 * random.split("drift").nextFloat() - 1) * driftMax;
    this.#clock = new SimClock(host.scheduler, { rate });
    this.timers = new ProcessTimers(host.scheduler, this.#clock, {
      onUncaught: (error) => host.fail(error),
    });
    const createChannel = this.#told(
      host,
      host.clients.createChannel(name, { deliver: (callback) => this.timers.run(callback) }),
    );
    this.client = connect({
      endpoints,
      endpointSyncMillis: random.chance(0.3) ? 3_000 : 0,
      defaultDeadlineMillis: random.pick([1_000, 5_000, 10_000]),
      runtime: {
        clock: this.#clock,
        timers: this.timers,
        random,
        createChannel: (endpoint, options, runtime) => {
          this.#openChannel = (other) => createChannel(other, options, runtime);
          return createChannel(endpoint, options, runtime);
        },
      },
    });
  }

  monotonicMillis(): number {
    return this.#clock.monotonicMillis();
  }

  openChannel(endpoint: string): RawChannel {
    if (this.#openChannel === undefined) throw new Error("Cannot connect: no client yet");
    return this.#openChannel(endpoint);
  }

  /** The machine stands still. */
  pause(): void {
    this.timers.pause();
  }

  goOn(): void {
    this.timers.goOn();
  }

  /** The same, with each call told where the story wants details. */
  #told({ story, isDetailed }: ClientHost, create: ChannelFactory): ChannelFactory {
    if (!isDetailed) return create;
    const who = this.name.replaceAll(" ", "/");
    return (endpoint, options, runtime) => {
      const server = endpoint.replace(/^https?:\/\//, "").replace(/:\d+$/, "");
      const tell = (what: string): void => story.detail(who, what);
      return new StoryChannel(create(endpoint, options, runtime), server, tell);
    };
  }
}
