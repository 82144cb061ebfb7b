/** A cluster of real members whose size changes while it runs. */
import { join } from "node:path";
import { ClusterProcesses, quorateCommand } from "../support/cluster-processes.ts";
import { freePorts } from "../support/free-port.ts";
import { MemberProcess } from "../support/member-process.ts";

/** Where a member that does not run yet will be. */
export interface PlannedMember {
  readonly name: string;
  readonly peerUrl: string;
  readonly clientPort: number;
  readonly peerPort: number;
}

const host = "127.0.0.1";

/** See the head of the file. */
export class GrowingCluster implements AsyncDisposable {
  readonly #first: ClusterProcesses;
  readonly #all: MemberProcess[];
  readonly #running: MemberProcess[];
  #nextNumber: number;

  private constructor(first: ClusterProcesses) {
    this.#first = first;
    this.#all = [...first.members];
    this.#running = [...first.members];
    this.#nextNumber = first.members.length;
  }

  /** Starts a cluster of `size` members. */
  static async start(size: number): Promise<GrowingCluster> {
    return new GrowingCluster(await ClusterProcesses.start(size));
  }

  /** Those that belong to it. */
  get running(): readonly MemberProcess[] {
    return this.#running;
  }

  /** Client endpoints of those that belong to it. */
  get endpoints(): string[] {
    return this.#running.map(({ endpoint }) => endpoint);
  }

  /** Plans a member, so that it can be added. */
  async prepare(): Promise<PlannedMember> {
    const [clientPort = 0, peerPort = 0] = await freePorts(2);
    const name = `m${this.#nextNumber++}`;
    return { name, clientPort, peerPort, peerUrl: `http://${host}:${peerPort}` };
  }

  /**
   * Starts a member that was added.
   *
   * @param members - Peer URLs of all members, the new one's included.
   */
  async startExisting(
    { name, peerUrl, clientPort, peerPort }: PlannedMember,
    members: readonly (readonly string[])[],
  ): Promise<MemberProcess> {
    const others = members
      .filter((urls) => !urls.includes(peerUrl))
      .flatMap((urls, index) => urls.map((url) => `other${index}=${url}`));
    const dataDirectory = join(this.#first.directory, name);
    const clientUrl = `http://${host}:${clientPort}`;
    const member = new MemberProcess({
      ...{ name, host, clientPort, peerPort, dataDirectory, wrapper: [], environment: {} },
      command: [
        ...quorateCommand,
        ...["--name", name, "--data-dir", dataDirectory],
        ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
        ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
        ...["--initial-cluster", [...others, `${name}=${peerUrl}`].join(",")],
        ...["--initial-cluster-state", "existing"],
      ],
    });
    this.#all.push(member);
    this.#running.push(member);
    await member.start({ readyMillis: 60_000 });
    return member;
  }

  /** The member does not belong to it any more. */
  forget(member: MemberProcess): void {
    this.#running.splice(this.#running.indexOf(member), 1);
  }

  /** Kills everything and removes the data. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((member) => member.kill()));
    await this.#first.close();
  }
}
