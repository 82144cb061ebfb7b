import { MemoryBackend } from "@quorate/mvcc";
import { noopLogger } from "@quorate/platform";
import type { Timer, Timers } from "@quorate/platform";
import { SimClock, SimFileSystem, SimTimers } from "@quorate/platform/sim";
import type { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import { toMemberId, type MemberId } from "@quorate/raft";
import { StateMachine, type InitialCluster } from "@quorate/state-machine";
import { WriteAheadLog } from "@quorate/wal";
import { noopMemberMeter } from "../../../../test/support/noop-member-meter.ts";
import { Member } from "../../src/member/member.ts";
import type { MemberTiming } from "../../src/member/member-timing.ts";
import { openStorage, type OpenedStorage } from "../../src/member/storage.ts";
import type { SimNetwork } from "./sim-network.ts";

/** What all nodes of a simulation share. */
export interface SimWorld {
  readonly scheduler: SimScheduler;
  readonly network: SimNetwork;
  readonly cluster: InitialCluster;
  readonly timing: MemberTiming;
  /** Something broke that would end a process. */
  readonly onFatal: (node: SimNode, error: unknown) => void;
}

/** Timers that die with their process, and stand still while it is stopped. */
class LifeTimers implements Timers {
  readonly #inner: SimTimers;
  #missed: (() => void)[] = [];
  isStopped = false;

  constructor(scheduler: SimScheduler) {
    this.#inner = new SimTimers(scheduler);
  }

  setTimer(delayMillis: number, callback: () => void): Timer {
    let isCancelled = false;
    const timer = this.#inner.setTimer(delayMillis, () => {
      if (!this.isStopped) callback();
      else {
        this.#missed.push(() => {
          if (!isCancelled) callback();
        });
      }
    });
    return {
      cancel: () => {
        isCancelled = true;
        timer.cancel();
      },
    };
  }

  setImmediate(callback: () => void): Timer {
    return this.setTimer(0, callback);
  }

  goOn(): void {
    this.isStopped = false;
    for (const callback of this.#missed.splice(0)) callback();
  }

  die(): void {
    this.isStopped = true;
    this.#missed = [];
    this.#inner.cancelAll();
  }
}

interface Life {
  readonly member: Member;
  readonly storage: OpenedStorage;
  readonly timers: LifeTimers;
}

/** One machine: its disk outlives its processes. */
export class SimNode {
  readonly id: MemberId;
  readonly files: SimFileSystem;
  readonly #world: SimWorld;
  readonly #random: SeededRandom;
  readonly #isNewcomer: boolean;
  #life: Life | undefined;
  /** A process has heard that it was removed. */
  isRemoved = false;
  /** Grows with each start; tells processes apart. */
  lives = 0;

  /** @param isNewcomer - Joins a cluster that exists, instead of being born with it. */
  constructor(id: bigint, world: SimWorld, random: SeededRandom, isNewcomer = false) {
    this.#isNewcomer = isNewcomer;
    this.id = toMemberId(id);
    this.#world = world;
    this.#random = random;
    const timers = new SimTimers(world.scheduler);
    this.files = new SimFileSystem({ random: random.split("disk"), timers });
  }

  /** The process; undefined while the machine is down. */
  get member(): Member | undefined {
    return this.#life?.member;
  }

  /** Starts a process on the disk as it is. */
  async start(): Promise<Member> {
    const { scheduler, network, cluster, timing, onFatal } = this.#world;
    this.lives += 1;
    const life = this.lives;
    const timers = new LifeTimers(scheduler);
    const clock = new SimClock(scheduler);
    const random = this.#random.split(`life ${life}`);
    const fail = (error: unknown): void => {
      if (this.lives === life && this.#life !== undefined) onFatal(this, error);
    };
    const fileSystem = this.files;
    const wal = { files: fileSystem, clock, random, onFailure: fail };
    const segmentBytes = 16 * 1024;
    const storage = await openStorage(
      {
        dataDirectory: "/data",
        walDirectory: undefined,
        bootstrap: {
          memberId: this.id,
          clusterId: cluster.clusterId,
          initialCluster: this.#isNewcomer ? undefined : cluster,
        },
      },
      {
        fileSystem,
        logger: noopLogger,
        openBackend: (path) =>
          MemoryBackend.open(
            path,
            { commitIntervalMillis: 300, onFailure: fail },
            { timers, fileSystem },
          ),
        openState: (backend) => StateMachine.open({}, { backend, timers, clock }),
        hasWal: (directory) => WriteAheadLog.exists(directory, wal),
        openWal: (directory) => WriteAheadLog.open(directory, {}, { segmentBytes }, wal),
        createWal: async (directory, metadata) => {
          const creation = { metadata };
          const created = await WriteAheadLog.create(directory, creation, { segmentBytes }, wal);
          const nothing = { hardState: undefined, snapshot: undefined, entries: [] };
          return { wal: created, recovered: { metadata, ...nothing } };
        },
      },
    );
    const member = new Member(timing, {
      ...{ clock, timers, random, storage, logger: noopLogger, meter: noopMemberMeter },
      createTransport: (handler) =>
        network.join(this.id, {
          ...handler,
          // A process that is stopped finds its mail when it goes on.
          onFrame: (from, kind, payload) => {
            if (timers.isStopped) timers.setImmediate(() => handler.onFrame(from, kind, payload));
            else handler.onFrame(from, kind, payload);
          },
        }),
      onFatal: fail,
      onRemoved: () => {
        this.isRemoved = true;
      },
    });
    this.#life = { member, storage, timers };
    member.start();
    return member;
  }

  /** Ends the process at once; with `power`, what the disk had not synced suffers, too. */
  crash(power: boolean): void {
    const life = this.#life;
    this.#life = undefined;
    life?.timers.die();
    this.#world.network.leave(this.id);
    if (power) this.files.crash();
    else this.files.killProcess();
  }

  /** Ends the process in order. */
  async close(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    await life.member.close();
    await life.storage.close();
    this.#life = undefined;
    life.timers.die();
  }

  /** SIGSTOP: nothing runs, mail and timers wait. */
  stop(): void {
    if (this.#life !== undefined) this.#life.timers.isStopped = true;
  }

  /** SIGCONT. */
  goOn(): void {
    this.#life?.timers.goOn();
  }
}
