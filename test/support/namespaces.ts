/**
 * A small network of its own for each member, made by `ip` alone: no tc, no iptables, no daemon.
 *
 * ```
 *   q<pid>-<n>-0   q<pid>-<n>-1   q<pid>-<n>-2      one namespace a member, 198.18.x.10 and up
 *        \              |             /
 *         +------ q<pid>-<n>-r ------+             a router; one rule for each link that is cut
 *                       |
 *                   q<pid>-<n>                      the tests' own namespace, 198.18.x.2
 * ```
 *
 * Every packet passes the router, which looks its route up anew each time. A link is cut in one
 * direction by `ip rule add from A to B blackhole`: the packets of A vanish without an answer, as
 * in a broken switch, those of B still arrive. 198.18.0.0/15 is set aside for tests (RFC 2544).
 *
 * Names carry the id of the process that made them, so what a killed run left is found and removed.
 */
import { spawnSync } from "node:child_process";
import type { ClusterProcesses } from "./cluster-processes.ts";
import type { Link, LinkFaults, Party } from "./link-faults.ts";

const routerSuffix = "r";
const hostOctet = 2;
const routerOctet = 1;
const firstMemberOctet = 10;
/** Blocks of 256 addresses in 198.18.0.0/15. */
const blockCount = 512;
/** What a narrow link carries; what does not fit waits for up to 200 ms and is lost then. */
const narrowShape = ["tbf", "rate", "1mbit", "burst", "4kb", "latency", "200ms"];
/** What a kernel says that lacks a part, or that does not let this process use it. */
const refusal =
  /not (permitted|supported|allowed)|Permission denied|Unknown device type|kind is unknown/;
const namePattern = /^q(\d+)-\d+-(?:r|\d+)$/;

let created = 0;
const open = new Set<NamespaceNetwork>();
process.once("exit", () => {
  for (const network of open) network.close();
});

/** Why namespaces cannot be made here; false when they can. */
export function namespacesMissing(): string | false {
  if (process.platform !== "linux") return "not Linux";
  if (process.getuid?.() !== 0) return "not root";
  const absent = ["ip", "tc", "ss"].find((program) => spawnSync(program, ["-V"]).status !== 0);
  return absent === undefined ? false : `no ${absent} command`;
}

/** The kernel does not make for this process what namespaces are made of. */
export class KernelRefusal extends Error {
  override readonly name = "KernelRefusal";
}

/** Namespaces joined by a router; see the file comment. Everything is done when a call returns. */
export class NamespaceNetwork implements LinkFaults {
  readonly kind = "namespaces";
  readonly clusterOptions: LinkFaults["clusterOptions"] = {
    host: (index) => this.#address(index),
    wrapper: (index) => this.#wrapper(index),
  };
  readonly #name: string;
  readonly #size: number;
  readonly #block: string;
  #rules: readonly string[] = [];

  /**
   * Makes the namespaces and joins them.
   *
   * @param size - How many members.
   * @throws KernelRefusal where there can be no such network
   * @throws Error with the text of `ip`; nothing is left behind in both cases
   */
  constructor(size: number) {
    removeLeftOvers();
    created += 1;
    this.#name = `q${process.pid}-${created}`;
    this.#size = size;
    open.add(this);
    try {
      this.#makeRouter();
      this.#block = this.#joinHost();
      this.#tryFaults();
      for (let index = 0; index < size; index += 1) this.#joinMember(index);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  endpoints(cluster: ClusterProcesses): Promise<readonly string[]> {
    return Promise.resolve(cluster.endpoints);
  }

  drop(links: readonly Link[]): void {
    this.#setRules(
      links.map(({ from, to }) => `from ${this.#address(from)} to ${this.#address(to)} blackhole`),
    );
  }

  reset(index: number, party: Party): void {
    const target = this.#address(party);
    run([...this.#wrapper(index), "ss", "--kill", "--tcp", "dst", target]);
  }

  narrow(index: number, isNarrow: boolean): void {
    const device = ["dev", `m${index}`, "root"];
    const change = isNarrow ? ["add", ...device, ...narrowShape] : ["del", ...device];
    run(["tc", "-n", this.#router, "qdisc", ...change]);
  }

  /** Removes all of it. Idempotent; what runs inside must have ended. */
  close(): void {
    open.delete(this);
    spawnSync("ip", ["link", "del", this.#name]);
    for (let index = 0; index < this.#size; index += 1) removeNamespace(this.#namespace(index));
    removeNamespace(this.#router);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  get #router(): string {
    return `${this.#name}-${routerSuffix}`;
  }

  #namespace(index: number): string {
    return `${this.#name}-${index}`;
  }

  #address(party: Party): string {
    return `${this.#block}.${party === "clients" ? hostOctet : firstMemberOctet + party}`;
  }

  /** Put before a command, it makes it run at a member's place, under the same pid. */
  #wrapper(index: number): readonly string[] {
    return ["ip", "netns", "exec", this.#namespace(index)];
  }

  #makeRouter(): void {
    run(["ip", "netns", "add", this.#router]);
    run(["ip", "-n", this.#router, "link", "set", "lo", "up"]);
    const forwarding = "echo 1 > /proc/sys/net/ipv4/ip_forward";
    run(["ip", "netns", "exec", this.#router, "sh", "-c", forwarding]);
  }

  /** Joins the namespace of the tests; returns the block of addresses that was free. */
  #joinHost(): string {
    const peer = ["type", "veth", "peer", "name", "host", "netns", this.#router];
    run(["ip", "link", "add", this.#name, ...peer]);
    run(["ip", "link", "set", this.#name, "up"]);
    run(["ip", "-n", this.#router, "link", "set", "host", "up"]);
    for (let attempt = 0; attempt < blockCount; attempt += 1) {
      const number = (process.pid + created + attempt) % blockCount;
      const block = `198.${18 + (number >> 8)}.${number & 255}`;
      const route = [
        `${block}.0/24`,
        "via",
        `${block}.${routerOctet}`,
        "dev",
        this.#name,
        "onlink",
      ];
      run(["ip", "addr", "add", `${block}.${hostOctet}/32`, "dev", this.#name]);
      // Fails when another run has this block: routes are the claim.
      if (spawnSync("ip", ["route", "add", ...route]).status === 0) {
        run(["ip", "-n", this.#router, "addr", "add", `${block}.${routerOctet}/32`, "dev", "host"]);
        run(["ip", "-n", this.#router, "route", "add", `${block}.${hostOctet}`, "dev", "host"]);
        return block;
      }
      run(["ip", "addr", "del", `${block}.${hostOctet}/32`, "dev", this.#name]);
    }
    throw new Error("Cannot make a test network: no free block of addresses");
  }

  /** A kernel may lack what the faults are made of: better to know before there is a cluster. */
  #tryFaults(): void {
    this.drop([{ from: "clients", to: 0 }]);
    this.drop([]);
    const device = ["dev", "host", "root"];
    run(["tc", "-n", this.#router, "qdisc", "add", ...device, ...narrowShape]);
    run(["tc", "-n", this.#router, "qdisc", "del", ...device]);
    run(["ip", "netns", "exec", this.#router, "ss", "--kill", "--tcp", "dst", "198.18.0.0"]);
  }

  #joinMember(index: number): void {
    const namespace = this.#namespace(index);
    const [address, gateway] = [this.#address(index), `${this.#block}.${routerOctet}`];
    const router = ["ip", "-n", this.#router];
    const member = ["ip", "-n", namespace];
    run(["ip", "netns", "add", namespace]);
    const peer = ["type", "veth", "peer", "name", "eth0", "netns", namespace];
    run(["ip", "link", "add", `m${index}`, "netns", this.#router, ...peer]);
    run([...router, "addr", "add", `${gateway}/32`, "dev", `m${index}`]);
    run([...router, "link", "set", `m${index}`, "up"]);
    run([...router, "route", "add", address, "dev", `m${index}`]);
    run([...member, "link", "set", "lo", "up"]);
    run([...member, "addr", "add", `${address}/32`, "dev", "eth0"]);
    run([...member, "link", "set", "eth0", "up"]);
    run([...member, "route", "add", "default", "via", gateway, "dev", "eth0", "onlink"]);
  }

  #setRules(rules: readonly string[]): void {
    const gone = this.#rules.filter((rule) => !rules.includes(rule));
    const added = rules.filter((rule) => !this.#rules.includes(rule));
    this.#rules = rules;
    const lines = [
      ...added.map((rule) => `rule add ${rule}`),
      ...gone.map((rule) => `rule del ${rule}`),
    ];
    run(["ip", "-n", this.#router, "-batch", "-"], `${lines.join("\n")}\n`);
  }
}

/** Removes what processes that are gone have left. */
function removeLeftOvers(): void {
  const { stdout } = spawnSync("ip", ["netns", "list"], { encoding: "utf8" });
  for (const line of stdout.split("\n")) {
    const [name = ""] = line.split(" ");
    const owner = namePattern.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const inside = spawnSync("ip", ["netns", "pids", name], { encoding: "utf8" }).stdout;
    for (const pid of inside.split("\n").filter((text) => text !== "")) {
      try {
        process.kill(Number(pid), "SIGKILL");
      } catch {
        // It ended by itself.
      }
    }
    removeNamespace(name);
  }
}

function removeNamespace(name: string): void {
  spawnSync("ip", ["netns", "del", name]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function run(command: readonly string[], input = ""): void {
  const [program = "", ...args] = command;
  const { status, stderr, error } = spawnSync(program, args, { input, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status === 0) return;
  const message = `Cannot run "${command.join(" ")}": ${stderr.trim()}`;
  throw refusal.test(stderr) ? new KernelRefusal(message) : new Error(message);
}
