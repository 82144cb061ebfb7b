/**
 * A cluster whose links can be cut, and what an operator would ask of it from outside.
 */
import { setMaxListeners } from "node:events";
import { connect, EtcdError, type Client } from "@quorate/client";
import { ClusterProcesses, type ClusterOptions } from "../support/cluster-processes.ts";
import { until } from "../support/deadline.ts";
import { FairStopwatch, type Lap } from "../support/fair-stopwatch.ts";
import type { LinkFaults } from "../support/link-faults.ts";
import { startLinkFaults } from "../support/link-faults-start.ts";
import type { MemberProcess } from "../support/member-process.ts";

const probeMillis = 100;
const statusMillis = 1_000;

/** What a member says of itself. */
export interface MemberStatus {
  readonly memberId: bigint;
  /** 0n: none. */
  readonly leader: bigint;
  readonly term: number;
  readonly revision: number;
}

/** Who led when, as all members agreed. */
export interface Leadership {
  readonly leader: number;
  readonly term: number;
}

/** See the head of the file. */
export class NetworkCluster implements AsyncDisposable {
  readonly processes: ClusterProcesses;
  readonly faults: LinkFaults;
  /** Where the tests reach each member. */
  readonly endpoints: readonly string[];
  readonly #clients: readonly Client[];

  private constructor(
    processes: ClusterProcesses,
    faults: LinkFaults,
    endpoints: readonly string[],
  ) {
    this.processes = processes;
    this.faults = faults;
    this.endpoints = endpoints;
    this.#clients = endpoints.map((endpoint) => connect({ endpoints: [endpoint] }));
  }

  /**
   * Starts `size` members on links of their own.
   *
   * @param kind - Forces one way to have links. @default namespaces where that is possible
   */
  static async start(
    size: number,
    options: ClusterOptions = {},
    kind?: LinkFaults["kind"],
  ): Promise<NetworkCluster> {
    const faults = startLinkFaults(size, kind);
    let processes: ClusterProcesses | undefined;
    try {
      processes = await ClusterProcesses.start(size, { ...options, ...faults.clusterOptions });
      return new NetworkCluster(processes, faults, await faults.endpoints(processes));
    } catch (error) {
      await processes?.close();
      await faults[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How many members there are. */
  get size(): number {
    return this.endpoints.length;
  }

  /** The index of every member. */
  get indexes(): readonly number[] {
    return this.endpoints.map((_, index) => index);
  }

  /** A client of one member only. */
  client(index: number): Client {
    const client = this.#clients[index];
    if (client === undefined) throw new Error(`Cannot find member ${index}: out of range`);
    return client;
  }

  /** The process of a member. */
  member(index: number): MemberProcess {
    return this.processes.member(index);
  }

  /** What a member says of itself; undefined when it does not answer within a second. */
  async status(index: number): Promise<MemberStatus | undefined> {
    try {
      const options = { deadlineMillis: statusMillis };
      const answer = await this.client(index).maintenance.status({}, options);
      const { header, leader, raftTerm } = answer;
      if (header === undefined) return undefined;
      return { memberId: header.memberId, leader, term: raftTerm, revision: header.revision };
    } catch (error) {
      if (error instanceof EtcdError) return undefined;
      throw error;
    }
  }

  /** Waits until these members, or all, name the same leader in the same term. */
  async agreement(
    indexes: readonly number[] = this.indexes,
    millis: number = 10_000,
  ): Promise<Leadership> {
    return until(millis, `one leader of members ${indexes.join(", ")}`, async () => {
      const asked = await Promise.all(this.indexes.map((index) => this.status(index)));
      const told = indexes.map((index) => asked[index]);
      const [first] = told;
      if (first === undefined || first.leader === 0n) return undefined;
      const isAgreed = told.every(
        (status) => status?.leader === first.leader && status.term === first.term,
      );
      const leader = asked.findIndex((status) => status?.memberId === first.leader);
      return isAgreed && leader >= 0 ? { leader, term: first.term } : undefined;
    });
  }

  /**
   * The time until a write and a linearizable read that begin now or later are answered by each of
   * these members, by a {@link FairStopwatch}. A new attempt begins every 100 ms, whatever
   * became of those before.
   */
  async service(indexes: readonly number[], millis: number = 15_000): Promise<Lap> {
    const stopwatch = new FairStopwatch(this.processes.members);
    await Promise.all(indexes.map((index) => this.#served(index, millis)));
    return stopwatch.read();
  }

  /** Closes the clients, kills the members and removes the links. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.processes.close();
    await this.faults[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #served(index: number, millis: number): Promise<void> {
    const client = this.client(index);
    const end = new AbortController();
    // One listener for each attempt under way.
    setMaxListeners(0, end.signal);
    const options = { deadlineMillis: millis, signal: end.signal };
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearInterval(timer);
        clearTimeout(late);
        end.abort();
        act();
      };
      const attempt = async (): Promise<void> => {
        try {
          await client.put(`service/${index}`, "probe", options);
          await client.get(`service/${index}`, options);
          settle(resolve);
        } catch (error) {
          if (!(error instanceof EtcdError)) settle(() => reject(asError(error)));
        }
      };
      const late = setTimeout(() => {
        settle(() => reject(new Error(`Member ${index} did not serve for ${millis} ms`)));
      }, millis);
      const timer = setInterval(() => void attempt(), probeMillis);
      void attempt();
    });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
