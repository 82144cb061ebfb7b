/** One life of a member's process: everything that the real one starts, on simulated ground. */
import { MemoryBackend, type Backend } from "@quorate/mvcc";
import type { MemberId, RaftStatus } from "@quorate/raft";
import type { SeededRandom, SimFileSystem } from "@quorate/platform/sim";
import {
  AutoCompactor,
  compactThroughLog,
  createHeaderEncoder,
  createMethods,
  Member,
  OpenStreams,
  Publisher,
  type Bootstrap,
  type OpenedStorage,
  type ServiceContext,
} from "@quorate/server/member";
import type { StateMachine } from "@quorate/state-machine";
import { noopMemberMeter } from "../../support/noop-member-meter.ts";
import type { ServedProcess } from "./client-network.ts";
import type { Machine } from "./machine.ts";
import type { MachineHost } from "./machine-host.ts";
import type { EndKind, ObservedProcess } from "./observer.ts";
import { dataDirectory, openProcessStorage } from "./process-storage.ts";
import { ProcessFiles } from "./process-files.ts";
import { ProcessTimers } from "./process-timers.ts";

/** What a process needs beside its machine. */
export interface ProcessDependencies {
  readonly host: MachineHost;
  readonly random: SeededRandom;
  /** It ended by itself. */
  readonly onEnd: (how: EndKind, error: unknown) => void;
}

interface Parts {
  readonly member: Member;
  readonly storage: OpenedStorage;
  readonly server: ServedProcess;
  readonly publisher: Publisher;
  readonly compactor: AutoCompactor;
  readonly streams: OpenStreams;
}

/** See the head of the file. */
export class MemberProcess implements ObservedProcess {
  readonly memberId: MemberId;
  readonly life: number;
  readonly files: SimFileSystem;
  readonly dataDirectory: string = dataDirectory;
  readonly #machine: Machine;
  readonly #bootstrap: Bootstrap;
  readonly #dependencies: ProcessDependencies;
  readonly #timers: ProcessTimers;
  readonly #ownFiles: ProcessFiles;
  #parts: Parts | undefined;
  #isAlive = true;
  #isClosing = false;

  constructor(
    machine: Machine,
    life: number,
    bootstrap: Bootstrap,
    dependencies: ProcessDependencies,
  ) {
    this.memberId = machine.memberId;
    this.life = life;
    this.files = machine.files;
    this.#machine = machine;
    this.#bootstrap = bootstrap;
    this.#dependencies = dependencies;
    const { host } = dependencies;
    this.#ownFiles = new ProcessFiles(machine.files);
    this.#timers = new ProcessTimers(host.scheduler, machine.clock, {
      onRan: () => {
        if (this.#parts !== undefined) host.observer.stepped(this);
      },
      onUncaught: (error) => this.#fail(error),
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get state(): StateMachine {
    return this.#required().member.state;
  }

  get pendingProposals(): number | undefined {
    return this.#parts?.member.pendingProposals;
  }

  get pendingProposalBytes(): number | undefined {
    return this.#parts?.member.pendingProposalBytes;
  }

  /** Undefined while the disk is being opened. */
  get member(): Member | undefined {
    return this.#parts?.member;
  }

  /** Whether it stands still (SIGSTOP). */
  get isPaused(): boolean {
    return this.#timers.isPaused;
  }

  /** Whether it is ending in order. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  status(): RaftStatus {
    return this.#required().member.status();
  }

  /** Opens the disk and takes part. */
  start(): void {
    this.#open().catch((error: unknown) => this.#fail(error));
  }

  /** Ends: nothing of it has an effect from now on. */
  die(how: EndKind): void {
    if (!this.#isAlive) return;
    const { host } = this.#dependencies;
    if (this.#parts !== undefined) host.observer.ended(this, how);
    this.#isAlive = false;
    this.#timers.die();
    this.#ownFiles.die();
    host.peers.leave(this.memberId, how === "power");
    this.#parts?.server.kill(how === "power" ? "silently" : "with-reset");
  }

  /** SIGSTOP. */
  pause(): void {
    this.#timers.pause();
  }

  /** SIGCONT. */
  goOn(): void {
    this.#timers.goOn();
  }

  /** Asks for a linearizable read, as the services do, and has it judged. */
  probeRead(onServed: () => void = nothing): void {
    const { host } = this.#dependencies;
    this.#timers.run(() => {
      const floorIndex = host.appliedIndex();
      this.#parts?.member.readIndex((failure) => {
        if (failure !== undefined || !this.#isAlive) return;
        host.observer.readServed(this, floorIndex);
        onServed();
      });
    });
  }

  /** Stops in order, as a server that gets SIGTERM. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const parts = this.#parts;
    if (parts === undefined) return;
    parts.compactor.close();
    parts.publisher.close();
    parts.streams.close();
    parts.server.close();
    await parts.member.close();
    await parts.storage.close();
  }

  async #open(): Promise<void> {
    const machine = this.#machine;
    const { host, random } = this.#dependencies;
    const storage = await openProcessStorage(host.plan.machine, this.#bootstrap, {
      files: this.#ownFiles,
      clock: machine.clock,
      timers: this.#timers,
      random,
      logger: host.logger(machine),
      openBackend: (path) => this.#openBackend(path),
      onFailure: (error) => this.#fail(error),
    });
    if (!this.#isAlive) return;
    this.#parts = this.#assemble(storage);
    const { member, publisher } = this.#parts;
    host.observer.started(this);
    member.onSoftState(() => {
      if (this.#isAlive) host.observer.softStateChanged(this);
    });
    member.start();
    void publisher.publish();
  }

  #assemble(storage: OpenedStorage): Parts {
    const { host, random } = this.#dependencies;
    const machine = this.#machine;
    const { clock } = machine;
    const timers = this.#timers;
    const logger = host.logger(machine);
    const member = new Member(host.plan.timing, {
      ...{ clock, timers, random, logger, storage, meter: noopMemberMeter },
      createTransport: (handler) =>
        host.peers.join(this.memberId, handler, {
          deliver: (callback) => timers.run(callback),
          isPaused: () => timers.isPaused,
          monotonicMillis: () => clock.monotonicMillis(),
          frameLeaves: (to, kind, payload) => {
            host.effects.note(machine, "frame");
            if (this.#isAlive) host.observer.frameLeaves(this, to, kind, payload);
          },
        }),
      onFatal: (error) => this.#fail(error),
      onRemoved: () => this.#handleRemoved(),
      observer: {
        onApplied: (entry, applied) => {
          if (this.#isAlive) host.observer.applied(this, entry, applied);
        },
        onRestored: () => {
          if (this.#isAlive) host.observer.restored(this);
        },
      },
    });
    const context = this.#contextOf(member, logger);
    const streams = new OpenStreams(context);
    const server = host.clients.serve(machine.address, createMethods(context, streams), {
      ...{ clock, timers, writeBufferBytes: host.plan.machine.writeBufferBytes },
      deliver: (callback) => timers.run(callback),
      onHandlerError: (path, error) => {
        host.fail(new Error(`handler of ${path} throws`, { cause: error }));
      },
    });
    const clientUrls = [`http://${machine.address}`];
    const publisher = new Publisher(member, { name: machine.name, clientUrls }, { timers, logger });
    const target = {
      get isLeader() {
        return member.isLeader;
      },
      get currentRevision() {
        return member.state.store.currentRevision;
      },
      compact: (revision: number) => compactThroughLog(context, revision),
    };
    const { autoCompaction } = host.plan.machine;
    const compactor = new AutoCompactor(autoCompaction, target, { clock, timers, logger });
    return { member, storage, server, publisher, compactor, streams };
  }

  #openBackend(path: string): Promise<Backend> {
    const { host } = this.#dependencies;
    const { commitIntervalMillis } = host.plan.machine;
    const onFailure = (error: unknown): void => this.#fail(error);
    const logger = host.logger(this.#machine);
    return MemoryBackend.open(
      path,
      { commitIntervalMillis, onFailure },
      { timers: this.#timers, fileSystem: this.#ownFiles, logger },
    );
  }

  #contextOf(member: Member, logger: ServiceContext["logger"]): ServiceContext {
    const { host, random } = this.#dependencies;
    const { timing, machine } = host.plan;
    return {
      ...{ member, clock: this.#machine.clock, timers: this.#timers, random, logger },
      headers: createHeaderEncoder(member),
      options: {
        requestBytesMax: 1.5 * 1024 * 1024,
        transactionOperationsMax: 128,
        quotaBytes: machine.quotaBytes === 0 ? undefined : machine.quotaBytes,
        heartbeatMillis: timing.tickMillis,
        electionTimeoutMillis: timing.tickMillis * timing.electionTicks,
        watchProgressMillis: 600_000,
        watchBufferBytes: machine.watchBufferBytes,
        version: "3.7.1",
      },
    };
  }

  #handleRemoved(): void {
    if (this.#isAlive) this.#dependencies.onEnd("fatal", new RemovedError());
  }

  #fail(error: unknown): void {
    if (this.#isAlive) this.#dependencies.onEnd("fatal", error);
  }

  #required(): Parts {
    if (this.#parts === undefined) throw new Error("Cannot use the process: it is still starting");
    return this.#parts;
  }
}

function nothing(): void {
  // Nobody waits.
}

/** Why a process ends whose member was removed from the cluster. */
export class RemovedError extends Error {
  override readonly name = "RemovedError";

  constructor() {
    super("removed from the cluster");
  }
}
