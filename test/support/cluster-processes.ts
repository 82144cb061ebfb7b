/**
 * A cluster whose members are child processes, with a data directory each below a temporary one.
 *
 * @example
 * ```ts
 * await using cluster = await ClusterProcesses.start(3, { flags: ["--snapshot-count=40"] });
 * await cluster.member(0).kill();
 * await cluster.member(0).start({ wrapper: ["strace", "-D", "-f", "-o", path] });
 * ```
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePorts } from "./free-port.ts";
import { MemberProcess } from "./member-process.ts";

const quorateBinary = fileURLToPath(new URL("../../node_modules/.bin/quorate", import.meta.url));

/** The command that starts a member of this store. */
export const quorateCommand: readonly [string, ...string[]] = [process.execPath, quorateBinary];

/** False when the store was built, else the reason to pass as `skip`. */
export const quorateMissing: string | false = existsSync(quorateBinary)
  ? false
  : `no build of quorate at ${quorateBinary}`;

/** How to make a cluster. */
export interface ClusterOptions {
  /** A program that takes etcd's flags, with its first arguments. @default this store */
  readonly command?: readonly [string, ...string[]];
  /** Further command line flags of every member. @default none */
  readonly flags?: readonly string[];
  /** Environment of every member beside PATH. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** What is put before the command of a member; has to keep the pid. @default nothing */
  readonly wrapper?: (index: number) => readonly string[];
  /** Address that a member listens on and is known by. @default 127.0.0.1 */
  readonly host?: (index: number) => string;
  /**
   * Peer URL that the others are told, when that is not the member's own.
   *
   * @param listenUrl - Where the member listens.
   * @default listenUrl
   */
  readonly advertisePeer?: (index: number, listenUrl: string) => string | Promise<string>;
  /** Parent of the data directory of a member. @default the cluster's temporary directory */
  readonly parent?: (index: number) => string | undefined;
  /** @default 100 */
  readonly heartbeatMillis?: number;
  /** @default 1000 */
  readonly electionMillis?: number;
  /** What waiting for readiness may take, in milliseconds. @default 30000 */
  readonly readyMillis?: number;
}

/** See the head of the file. */
export class ClusterProcesses implements AsyncDisposable {
  readonly members: readonly MemberProcess[];
  /** Removed when the cluster is closed. */
  readonly directory: string;

  private constructor(members: readonly MemberProcess[], directory: string) {
    this.members = members;
    this.directory = directory;
  }

  /** Makes a cluster of one or more members none of which runs. */
  static async create(size: number, options: ClusterOptions = {}): Promise<ClusterProcesses> {
    const directory = await mkdtemp(join(tmpdir(), "quorate-cluster-"));
    const ports = await freePorts(size * 2);
    const places = await Promise.all(
      Array.from({ length: size }, (_, index) => placeOf(index, ports, directory, options)),
    );
    const initialCluster = places.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
    const members = places.map((place, index) => {
      const shared = [
        ...["--initial-cluster", initialCluster, "--initial-cluster-token", directory],
        ...["--heartbeat-interval", String(options.heartbeatMillis ?? 100)],
        ...["--election-timeout", String(options.electionMillis ?? 1000)],
        ...(options.flags ?? []),
      ];
      return new MemberProcess({
        ...place,
        command: [...(options.command ?? quorateCommand), ...place.flags, ...shared],
        wrapper: options.wrapper?.(index) ?? [],
        environment: options.environment ?? {},
      });
    });
    return new ClusterProcesses(members, directory);
  }

  /** Makes a cluster and waits until all members serve clients. */
  static async start(size: number, options: ClusterOptions = {}): Promise<ClusterProcesses> {
    const cluster = await ClusterProcesses.create(size, options);
    try {
      const { readyMillis } = options;
      await cluster.startAll(readyMillis);
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** Client endpoints of all members, running or not. */
  get endpoints(): string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** The member at a position; throws when there is none. */
  member(index: number): MemberProcess {
    const member = this.members[index];
    if (member === undefined) throw new Error(`Cannot find member ${index}: out of range`);
    return member;
  }

  /** Starts those that do not run, all at once, and waits until they serve clients. */
  async startAll(readyMillis = 30_000): Promise<void> {
    await Promise.all(this.members.map((member) => member.start({ readyMillis })));
  }

  /** Kills everything and removes the data. */
  async close(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill()));
    await rm(this.directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

interface Place {
  readonly name: string;
  readonly host: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly peerUrl: string;
  readonly dataDirectory: string;
  readonly flags: readonly string[];
}

async function placeOf(
  index: number,
  ports: readonly number[],
  directory: string,
  options: ClusterOptions,
): Promise<Place> {
  const name = `m${index}`;
  const host = options.host?.(index) ?? "127.0.0.1";
  const clientPort = ports[index * 2] ?? 0;
  const peerPort = ports[index * 2 + 1] ?? 0;
  const clientUrl = `http://${host}:${clientPort}`;
  const listenPeerUrl = `http://${host}:${peerPort}`;
  const peerUrl = (await options.advertisePeer?.(index, listenPeerUrl)) ?? listenPeerUrl;
  const dataDirectory = join(options.parent?.(index) ?? directory, name);
  const flags = [
    ...["--name", name, "--data-dir", dataDirectory],
    ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
    ...["--listen-peer-urls", listenPeerUrl, "--initial-advertise-peer-urls", peerUrl],
  ];
  return { name, host, clientPort, peerPort, peerUrl, dataDirectory, flags };
}
