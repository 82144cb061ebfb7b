/**
 * Real etcd members as child processes, for interop tests.
 *
 * A member is started, killed (SIGKILL), paused (SIGSTOP), continued and started again on its own
 * data directory, as an operator or a failing machine would do it. Readiness is read from the
 * member's log; nothing here sleeps.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { freePorts } from "./free-port.ts";

const etcdBinary = process.env["ETCD_BINARY"] ?? "/usr/bin/etcd";
const readyPattern = /ready to serve client requests/;
const keptLogLines = 200;

// A test process that dies must not leave members behind.
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
// The test runner ends a file that takes too long by SIGTERM, which skips "exit" by default.
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, () => process.exit(1));
}

/** False when real etcd is present, else the reason to pass to `test(..., { skip })`. */
export const etcdMissing: string | false = existsSync(etcdBinary)
  ? false
  : `no etcd at ${etcdBinary} (set ETCD_BINARY)`;

/** What {@link startEtcdCluster} takes. */
export interface EtcdOptions {
  /** Further command line flags of every member. @default none */
  readonly flags?: readonly string[];
  /** @default 100 */
  readonly heartbeatMillis?: number;
  /** @default 1000 */
  readonly electionMillis?: number;
  /** Another program that takes etcd's flags, with its first arguments. @default etcd itself */
  readonly command?: readonly [string, ...string[]];
}

/** One etcd member; see the file comment. */
export class EtcdMember {
  readonly name: string;
  readonly clientPort: number;
  readonly #command: readonly [string, ...string[]];
  readonly #log: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(name: string, clientPort: number, command: readonly [string, ...string[]]) {
    this.name = name;
    this.clientPort = clientPort;
    this.#command = command;
  }

  /** `127.0.0.1:port` of the client listener. */
  get endpoint(): string {
    return `127.0.0.1:${this.clientPort}`;
  }

  /** Whether the process runs (paused counts as running). */
  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** The id of the process, for what only the machine knows of it; undefined when none runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The newest lines of the member's log. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Starts the process and waits until it serves clients. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const [program, ...argv] = this.#command;
    const child = spawn(program, argv, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"] ?? "" },
    });
    this.#child = child;
    running.add(child);
    this.#exited = new Promise((resolve) => {
      child.once("exit", () => {
        running.delete(child);
        if (this.#child === child) this.#child = undefined;
        resolve();
      });
    });
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on("line", (line) => {
        this.#log.push(line);
        if (this.#log.length > keptLogLines) this.#log.shift();
        if (readyPattern.test(line)) resolve();
      });
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        const tail = this.#log.slice(-5).join("\n");
        reject(new Error(`Cannot start member ${this.name}: exited ${code ?? signal}\n${tail}`));
      });
    });
  }

  /** Ends the process at once, as a power cut of the machine would. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  /** Stops the process in mid-step: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  /** Undoes {@link EtcdMember.pause}. */
  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Ends the process in an orderly way. */
  async stop(): Promise<void> {
    this.#child?.kill("SIGCONT");
    this.#child?.kill("SIGTERM");
    await this.#exited;
  }
}

/** A running etcd cluster of one or more members. */
export class EtcdCluster {
  readonly members: readonly EtcdMember[];
  /** Holds one data directory for each member, named like the member. */
  readonly directory: string;

  constructor(members: readonly EtcdMember[], directory: string) {
    this.members = members;
    this.directory = directory;
  }

  /** Client endpoints of all members, running or not. */
  get endpoints(): string[] {
    return this.members.map((member) => member.endpoint);
  }

  /** The member at a position; throws when there is none. */
  member(index: number): EtcdMember {
    const member = this.members[index];
    if (member === undefined) throw new Error(`Cannot find member ${index}: out of range`);
    return member;
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

/** Starts a cluster of `size` members and waits until all serve clients. */
export async function startEtcdCluster(
  size: number,
  options: EtcdOptions = {},
): Promise<EtcdCluster> {
  const directory = await mkdtemp(join(tmpdir(), "quorate-etcd-"));
  const ports = await freePorts(size * 2);
  const peers = Array.from({ length: size }, (_, index) => ({
    name: `m${index}`,
    clientUrl: `http://127.0.0.1:${ports[index * 2]}`,
    clientPort: ports[index * 2] ?? 0,
    peerUrl: `http://127.0.0.1:${ports[index * 2 + 1]}`,
  }));
  const initialCluster = peers.map((peer) => `${peer.name}=${peer.peerUrl}`).join(",");
  const command = options.command ?? ([etcdBinary] as const);
  const members = peers.map(
    (peer) =>
      new EtcdMember(peer.name, peer.clientPort, [
        ...command,
        ...["--name", peer.name, "--data-dir", join(directory, peer.name)],
        ...["--listen-client-urls", peer.clientUrl, "--advertise-client-urls", peer.clientUrl],
        ...["--listen-peer-urls", peer.peerUrl, "--initial-advertise-peer-urls", peer.peerUrl],
        ...["--initial-cluster", initialCluster, "--initial-cluster-token", directory],
        ...["--heartbeat-interval", String(options.heartbeatMillis ?? 100)],
        ...["--election-timeout", String(options.electionMillis ?? 1000)],
        ...(options.flags ?? []),
      ]),
  );
  const cluster = new EtcdCluster(members, directory);
  try {
    await Promise.all(members.map((member) => member.start()));
  } catch (error) {
    await cluster.close();
    throw error;
  }
  return cluster;
}
