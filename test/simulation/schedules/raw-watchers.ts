import { checkWatches } from "../checkers/watch-checker.ts";
import type { WatchWish } from "../history/watch-history.ts";
import type { Machine } from "../world/machine.ts";
import { WatchLog } from "../workloads/watch-log.ts";
import { WatchRawStream } from "../workloads/watch-raw-stream.ts";
import type { Stage } from "./stage.ts";

/** Everything that a script writes for its watchers begins with this. */
export const watchedPrefix = "watched/";

const everything: WatchWish = {
  ...{ key: watchedPrefix, rangeEnd: "watched0", startRevision: 0 },
  ...{ previous: true, withoutPuts: false, withoutDeletes: false },
};

/** One raw stream of watchers to one member: no client hides what the member says. */
export class RawWatchers {
  /** Name of the client's machine in the network. */
  readonly clientName: string;
  readonly #stage: Stage;
  readonly #stream: WatchRawStream;
  readonly #logs: WatchLog[] = [];

  private constructor(stage: Stage, clientName: string, stream: WatchRawStream) {
    this.#stage = stage;
    this.clientName = clientName;
    this.#stream = stream;
  }

  /** Opens a stream that goes on without a leader, so that a member may lag behind under it. */
  static async open(stage: Stage, machine: Machine): Promise<RawWatchers> {
    const client = stage.client(machine);
    const channel = client.openChannel(machine.address);
    const isConnected = await channel.connect(5_000, undefined);
    stage.expect(isConnected, `V1: no connection to ${machine.name}`);
    const nowMillis = (): number => stage.nowMillis;
    const stream = new WatchRawStream(channel, new Map(), nowMillis, () => undefined);
    return new RawWatchers(stage, client.name, stream);
  }

  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  /** Watches everything that scripts write for it, from the next revision on unless told. */
  watch(wish: Partial<WatchWish> = {}): WatchLog {
    const name = `${this.clientName} watcher ${this.#logs.length}`;
    const log = new WatchLog(name, { ...everything, ...wish }, false);
    this.#logs.push(log);
    this.#stream.create(log, { fragment: true, watchId: 0n });
    return log;
  }

  /** Watches and waits until the member says that it does. */
  async created(wish: Partial<WatchWish> = {}): Promise<WatchLog> {
    const log = this.watch(wish);
    await this.#stage.until("a watcher", () => log.steps.length > 0);
    return log;
  }

  /** Asks how far all watchers of the stream are. */
  requestProgress(): void {
    this.#stream.requestProgress();
  }

  /** Waits until every watcher that lives has been told of everything up to a revision. */
  async cover(revision: number): Promise<void> {
    const isCovered = (log: WatchLog): boolean => log.isCancelled || log.nextRevision > revision;
    let asked = 0;
    const isOver = (): boolean => {
      asked += 1;
      if (asked % 100 === 0) this.requestProgress();
      return this.#logs.every(isCovered) || !this.isOpen;
    };
    await this.#stage.until(`watchers at ${revision}`, isOver, 30_000, "W11");
    this.#stage.expect(this.isOpen, "W3: the stream is broken off");
  }

  /** Judges all that was seen (W1 to W11). @throws CheckFailure */
  judge(): void {
    const { truth, coverage } = this.#stage.world;
    checkWatches({ records: this.#logs, catchUps: [], refusals: [] }, truth, coverage);
  }

  close(): void {
    this.#stream.close();
  }
}

/** Number of events that a watcher was told. */
export function eventsOf(log: WatchLog): number {
  return log.steps.reduce(
    (sum, step) => sum + (step.kind === "events" ? step.events.length : 0),
    0,
  );
}
