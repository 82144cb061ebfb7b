/**
 * A whole cluster on virtual time: machines, the networks between them and to their clients, and
 * everybody who watches. Nothing in it is random but what the plan's streams draw.
 */
import type { Logger } from "@quorate/platform";
import { SeededRandom, SimScheduler, SimTimers } from "@quorate/platform/sim";
import type { MemberId } from "@quorate/raft";
import { parseInitialCluster, type InitialCluster } from "@quorate/state-machine";
import type { Bootstrap } from "@quorate/server/member";
import { CheckFailure } from "../checkers/check-failure.ts";
import type { Coverage } from "../coverage.ts";
import type { Plan } from "../plan/plan.ts";
import { ClientMachine } from "./client-machine.ts";
import { ClientNetwork } from "./client-network.ts";
import { describeError, Machine } from "./machine.ts";
import type { MachineHost } from "./machine-host.ts";
import { RemovedError, type MemberProcess } from "./member-process.ts";
import type { WorldObserver } from "./observer.ts";
import { tellAll } from "./observers.ts";
import { Effects } from "./effects.ts";
import { PeerNetwork } from "./peer-network.ts";
import { Story } from "./story.ts";
import { StoryDetail } from "./story-detail.ts";
import { TraceHash } from "./trace-hash.ts";
import { TruthRecorder } from "./truth-recorder.ts";

/** What a run can be given beside its plan. */
export interface WorldOptions {
  /** Gets each line of the story. @default nobody */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Lines that are kept for a failure, and as many details. @default 200 */
  readonly linesMax?: number | undefined;
  /** Whether details are kept, too: every frame, call and write. Slow. @default false */
  readonly isDetailed?: boolean | undefined;
  /** A run of more events does not end. @default 3,000,000 */
  readonly eventsMax?: number | undefined;
}

/** Who is put on a machine. */
export interface NewMember {
  readonly memberId: bigint;
  /** Whether the cluster was born with it. */
  readonly isFirst: boolean;
  /** Number of its machine, from 0. */
  readonly place: number;
}

/** Machines that may still join have addresses that clients know from the start. */
const spareAddresses = 8;
/** How long a supervisor waits before it starts an ended process again. */
const restartMillis = 500;

/** See the head of the file. */
export class World implements MachineHost {
  readonly plan: Plan;
  readonly scheduler: SimScheduler = new SimScheduler();
  readonly coverage: Coverage;
  readonly random: SeededRandom;
  readonly cluster: InitialCluster;
  readonly peers: PeerNetwork;
  readonly clients: ClientNetwork;
  readonly machines: Machine[] = [];
  readonly clientMachines: ClientMachine[] = [];
  readonly truth: TruthRecorder;
  readonly traceHash: TraceHash;
  readonly observer: Required<WorldObserver>;
  readonly story: Story;
  readonly isDetailed: boolean;
  readonly #eventsMax: number;
  readonly effects: Effects = new Effects();
  /** Timers that never stop and never drift. */
  readonly outsideTimers: SimTimers = new SimTimers(this.scheduler);
  /** Whether a member is leaving: one at a time. */
  isShrinking = false;
  /** Faults of the plan that last. */
  activeFaults = 0;
  #operator: ClientMachine | undefined;
  #nextPlace: number;
  #operations = 0;
  #failure: unknown;
  #isFailed = false;

  constructor(
    plan: Plan,
    coverage: Coverage,
    observers: readonly WorldObserver[],
    options: WorldOptions = {},
  ) {
    this.plan = plan;
    this.#nextPlace = plan.members;
    this.random = new SeededRandom(BigInt(plan.seed)).split("world");
    this.coverage = coverage;
    const { scheduler } = this;
    const nowMillis = (): number => scheduler.nowMillis;
    const { linesMax = 200, onLine } = options;
    this.story = new Story(nowMillis, { linesMax, onLine });
    this.isDetailed = options.isDetailed ?? false;
    this.#eventsMax = options.eventsMax ?? 3_000_000;
    this.truth = new TruthRecorder(nowMillis);
    this.traceHash = new TraceHash(nowMillis);
    const onFailure = (error: unknown): void => this.fail(error);
    const told = this.isDetailed ? [new StoryDetail(this.story)] : [];
    const all = [...told, this.truth, ...observers, this.traceHash];
    this.observer = tellAll(all, onFailure);
    this.peers = new PeerNetwork({
      ...{ scheduler, coverage, onFailure },
      random: this.random.split("peer network"),
    });
    this.peers.setDefaultFaults(plan.network);
    this.clients = new ClientNetwork({
      ...{ scheduler, coverage },
      random: this.random.split("client network"),
      observer: {
        answerLeaves: (address, path, frame) => {
          const machine = this.machines.find((one) => one.address === address);
          if (machine === undefined) return;
          this.effects.note(machine, "answer");
          if (machine.process === undefined) return;
          this.observer.answerLeaves(machine.memberId, frame, path);
        },
      },
    });
    this.cluster = initialClusterOf(plan.members);
    for (let place = 0; place < plan.members; place += 1) {
      const own = this.cluster.members.find(({ name }) => name === `m${place + 1}`);
      if (own === undefined) throw new Error("Cannot find a member of the initial cluster");
      this.addMachine({ memberId: own.id, isFirst: true, place });
    }
  }

  /** What ended the run, as it was thrown; undefined while all is well. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Whether something broke. A method: it changes while others wait. */
  hasFailed(): boolean {
    return this.#isFailed;
  }

  /** Every address that a member has or may get. */
  get addresses(): readonly string[] {
    const count = this.plan.members + spareAddresses;
    return Array.from({ length: count }, (_, place) => `m${place + 1}:2379`);
  }

  /** Peer URL of the machine at a place. */
  peerUrlOf(place: number): string {
    return `http://m${place + 1}:2380`;
  }

  /** Puts a machine up, without starting it. */
  addMachine(member: NewMember): Machine {
    const { clusterId } = this.cluster;
    const bootstrap: Bootstrap = {
      ...{ memberId: member.memberId, clusterId },
      initialCluster: member.isFirst ? this.cluster : undefined,
    };
    const { place } = member;
    const random = this.random.split(`machine ${place}`);
    const machine = new Machine(place, bootstrap, this, random);
    this.observer.machineAdded(machine.memberId, machine.files);
    this.machines.push(machine);
    this.story.call(machine.memberId, machine.name);
    return machine;
  }

  /** A client machine with a name of its own. */
  connect(name: string): ClientMachine {
    return this.connectTo(name, this.addresses);
  }

  /** A client machine that knows these addresses alone. */
  connectTo(name: string, addresses: readonly string[]): ClientMachine {
    const machine = new ClientMachine(name, addresses, this);
    this.clientMachines.push(machine);
    if (this.plan.silentClients?.includes(name) === true) machine.pause();
    return machine;
  }

  /** The machine of a member. */
  machineOf(memberId: MemberId): Machine | undefined {
    return this.machines.find((machine) => machine.memberId === memberId);
  }

  /** Machines that are part of the cluster, as far as anybody knows. */
  get present(): readonly Machine[] {
    return this.machines.filter(({ isRetired }) => !isRetired);
  }

  /** The leader of the highest term among running members. */
  leader(): Machine | undefined {
    const leading = this.present.filter(({ running }) => running?.member?.isLeader === true);
    const term = ({ running }: Machine): number => running?.member?.term ?? 0;
    return leading.sort((one, other) => term(other) - term(one))[0];
  }

  /** A place for one more machine; undefined when all are taken. */
  reservePlace(): number | undefined {
    if (this.#nextPlace >= this.plan.members + spareAddresses) return undefined;
    this.#nextPlace += 1;
    return this.#nextPlace - 1;
  }

  /** A client machine of the operators. */
  operator(): ClientMachine {
    this.#operator ??= this.connect("operator");
    return this.#operator;
  }

  /** Whether an operator is at work. */
  get isOperated(): boolean {
    return this.#operations > 0;
  }

  /** Lets operators do something beside everything else. */
  operate(work: Promise<unknown>): void {
    this.#operations += 1;
    work
      .finally(() => {
        this.#operations -= 1;
      })
      .catch((error: unknown) => this.fail(error));
  }

  /** Whether everybody is well and nobody leaves. */
  isCalm(): boolean {
    if (this.activeFaults > 0 || this.isShrinking) return false;
    const configuration = this.leader()?.running?.status().configuration;
    if (configuration === undefined || configuration.voters.length < 3) return false;
    if (configuration.votersOutgoing.length > 0) return false;
    return this.present.every(({ running }) => running !== undefined && !running.isPaused);
  }

  /** Resolves when something holds, or after a time. */
  async until(holds: () => boolean, withinMillis: number): Promise<void> {
    const end = this.scheduler.nowMillis + withinMillis;
    while (!holds() && this.scheduler.nowMillis < end) await this.wait(5);
  }

  /** Resolves after virtual time. */
  wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.schedule(millis, resolve);
    });
  }

  /** Lets virtual time pass, until something is wrong. */
  async advance(millis: number): Promise<void> {
    const { scheduler } = this;
    const end = scheduler.nowMillis + millis;
    await this.advanceUntil(() => (scheduler.nextEventMillis() ?? Infinity) > end);
    if (!this.#isFailed) scheduler.advance(Math.max(0, end - scheduler.nowMillis));
  }

  /** Lets events happen until `isOver` holds between two of them, or something is wrong. */
  async advanceUntil(isOver: () => boolean): Promise<void> {
    const { scheduler } = this;
    await scheduler.drainUntil(() => {
      if (scheduler.executed > this.#eventsMax) {
        this.fail(new CheckFailure("D12", `no end within ${this.#eventsMax} events`));
      }
      return this.#isFailed || isOver();
    });
  }

  appliedIndex(): number {
    return this.truth.appliedIndex;
  }

  /** Has every member asked for a read, again and again. */
  probeReads(): void {
    const { probeMillis } = this.plan;
    if (probeMillis === 0) return;
    for (const { running } of this.machines) running?.probeRead();
    this.scheduler.schedule(probeMillis, () => this.probeReads());
  }

  trace(line: string): void {
    this.story.tell(line);
  }

  logger(machine: Machine): Logger {
    return this.story.logger(machine.name);
  }

  fail(error: unknown): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.#failure = error;
    this.trace(`FAILS: ${describeError(error)}`);
  }

  processEnded(machine: Machine, _process: MemberProcess, _how: string, error: unknown): void {
    if (error instanceof RemovedError) {
      machine.retire();
      return;
    }
    if (!machine.disk.explains(error)) {
      this.fail(new Error(`${machine.name} ends without a fault`, { cause: error }));
      return;
    }
    this.coverage.sometimes("a process ended because of its disk", true);
    machine.hold();
    this.scheduler.schedule(restartMillis, () => machine.release());
  }
}

/** Members in the order of their machines' places; their ids are hashes and in no order. */
function initialClusterOf(count: number): InitialCluster {
  const setting = Array.from({ length: count }, (_, place) => {
    return `m${place + 1}=http://m${place + 1}:2380`;
  });
  return parseInitialCluster(setting.join(","), "simulation");
}
