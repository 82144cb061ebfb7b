import { existsSync } from "node:fs";
import { services } from "@quorate/api";
import { ChildProgram, type ProgramEnd } from "../../support/child-program.ts";
import { compareStores, type RegisterScenario, type Scenario } from "../differential/scenario.ts";
import type { ComparedStoreOptions } from "../../support/compared-stores.ts";

const binary = "/usr/bin/etcdctl";

/** False when the tool is present, else the reason to skip. */
export const etcdctlMissing: string | false = existsSync(binary) ? false : `no ${binary}`;

/** One scenario with the tool in hand. */
export type RunWithTool = (s: Scenario, ctl: Etcdctl) => Promise<void>;

/** As {@link compareStores}, for scenarios that use etcdctl. */
export function compareWithTool(
  options: ComparedStoreOptions = {},
): (title: string, run: RunWithTool) => void {
  const scenario: RegisterScenario = compareStores(options, etcdctlMissing);
  return (title, run) => {
    scenario(title, async (s) => {
      await run(s, await Etcdctl.open(s));
    });
  };
}

/**
 * etcdctl on the store of a scenario. What it prints is recorded with everything replaced that has
 * to differ between two clusters: ids, addresses, durations, sizes, terms, and revisions by their
 * distance from the scenario's first.
 */
export class Etcdctl {
  readonly #s: Scenario;
  readonly #peerUrl: string;
  readonly #leases: bigint[] = [];

  private constructor(s: Scenario, peerUrl: string) {
    this.#s = s;
    this.#peerUrl = peerUrl;
  }

  static async open(s: Scenario): Promise<Etcdctl> {
    const { memberList } = services.cluster;
    const list = s.succeeds(await s.quietly(async () => await s.call(memberList, {})));
    return new Etcdctl(s, list.members[0]?.peerUrls[0] ?? "");
  }

  /**
   * Runs a command to its end and records exit code, output and error output. An argument like
   * `r+2` is the revision that far from the scenario's first.
   */
  async run(...args: readonly string[]): Promise<ProgramEnd> {
    return await this.runWith("", ...args);
  }

  /** As {@link Etcdctl.run}, with standard input. */
  async runWith(input: string, ...args: readonly string[]): Promise<ProgramEnd> {
    const end = await ChildProgram.run(binary, this.#args(args), {
      input,
      environment: { ETCDCTL_API: "3" },
    });
    this.record(args, end);
    return end;
  }

  /** Starts a command that goes on; what it prints is recorded by {@link Etcdctl.record}. */
  start(...args: readonly string[]): ChildProgram {
    return new ChildProgram(binary, this.#args(args), { environment: { ETCDCTL_API: "3" } });
  }

  record(args: readonly string[], { code, stdout, stderr }: ProgramEnd): void {
    const errors = stderr.split("\n").filter((line) => !line.startsWith("{"));
    this.#s.note(`etcdctl ${this.normal(args.join(" "))}`, {
      code,
      stdout: this.normal(stdout).split("\n"),
      stderr: this.normal(errors.join("\n")).split("\n"),
    });
  }

  /** Takes note of a lease the store chose; returns its id as the command line writes it. */
  async grant(ttl: number): Promise<string> {
    const { stdout } = await this.#quietly("lease", "grant", String(ttl));
    const id = /lease (\w+) granted/.exec(stdout)?.[1] ?? "";
    this.#leases.push(BigInt(`0x${id}`));
    return id;
  }

  async #quietly(...args: readonly string[]): Promise<ProgramEnd> {
    return await this.#s.quietly(async () => await this.run(...args));
  }

  #args(args: readonly string[]): readonly string[] {
    const absolute = args.map((argument) => {
      const distance = /^r\+(\d+)$/.exec(argument)?.[1];
      return distance === undefined ? argument : String(this.#s.at(Number(distance)));
    });
    return [`--endpoints=${this.#s.store.cluster.member(0).endpoint}`, ...absolute];
  }

  /** What a command printed, in a form to compare. */
  normal(text: string): string {
    const { store } = this.#s;
    let result = text
      .replaceAll(store.cluster.member(0).endpoint, "ENDPOINT")
      .replaceAll(this.#peerUrl, "PEER");
    for (const [id, name] of [
      [store.clusterId, "CLUSTER"],
      [store.memberId, "MEMBER"],
      ...this.#leases.map((lease, index) => [lease, `LEASE-${index}`] as const),
    ] as const) {
      result = result
        .replaceAll(String(id), name)
        .replaceAll(hex(id).padStart(16, "0"), name)
        .replaceAll(hex(id), name);
    }
    return result
      .replaceAll(
        /("?\b(?:\w+_)?revision"?:|"(?:\w*)Revision" : )(\d+)/g,
        (_all, name, value) => `${name}${this.#revision(value)}`,
      )
      .replaceAll(
        /(compacted revision )(\d+)/g,
        (_all, name, value) => `${name}${this.#revision(value)}`,
      )
      .replaceAll(/("raft_term":|"raftTerm":|"RaftTerm" : )[1-9]\d*/g, "$1TERM")
      .replaceAll(/("raft(?:Applied)?Index":|"Raft(?:Applied)?Index" : )[1-9]\d*/g, "$1INDEX")
      .replaceAll(/("dbSize(?:InUse)?":|"DBSize(?:InUse)?" : )[1-9]\d*/g, "$1SIZE")
      .replaceAll(/("hash":|"Hash" : )\d+/g, "$1HASH")
      .replaceAll(/("version":"|"Version" : ")3\.\d+\.\d+/g, "$1RELEASE")
      .replaceAll(/\b[\d.]+(?:ns|µs|ms|s)\b/g, "DURATION")
      .replaceAll(/-{2,}/g, "--")
      .replaceAll(/ {2,}/g, " ");
  }

  #revision(text: string): string {
    const distance = Number(text) - this.#s.base;
    return Number(text) === 0 ? "0" : `r${distance < 0 ? "" : "+"}${distance}`;
  }
}

function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
