/**
 * The network between the members of a simulated cluster (D4), behind the seam that the real one
 * has, too.
 *
 * A path is one direction between two machines; its faults outlive processes. A link is one
 * process's outgoing connection on a path. Raft frames may be lost, doubled and overtaken, because
 * consensus asks nothing of its links; frames of other kinds arrive in order or the connection is
 * lost, as on TCP; and nothing arrives before the promises that a connection begins with (B16).
 * What a process sent arrives also after its death.
 */
import type { MemberId } from "@quorate/raft";
import type { FrameKind, PeerAddress, PeerHandler, PeerTransport } from "@quorate/server/member";
import type { SeededRandom, SimScheduler } from "@quorate/platform/sim";
import type { Coverage } from "../coverage.ts";
import { calmFaults, worstFaults, type LinkFaults } from "./peer-network-faults.ts";
import { PeerNetworkLink, type NetworkProcess } from "./peer-network-link.ts";
import { NetworkPath, type PathBreak } from "./peer-network-path.ts";
import type { Path } from "./peer-network-shapes.ts";
import { streamState, type StateStream } from "./peer-network-snapshot.ts";

/** What a network needs from its surroundings. */
export interface PeerNetworkDependencies {
  readonly scheduler: SimScheduler;
  readonly random: SeededRandom;
  readonly coverage: Coverage;
  /** Something was accepted that had to be refused: the run has failed. */
  readonly onFailure: (error: Error) => void;
}

/** How a process takes part. */
export interface PeerProcessHooks {
  /** Runs something in the process: now, when it goes on, or never (`ProcessTimers.run`). */
  deliver(callback: () => void): void;
  /** Whether it stands still: it answers no pings. */
  isPaused(): boolean;
  /** Time of its machine, for `connectedSince`. */
  monotonicMillis(): number;
  /** Where it says that it can be dialled. @default nowhere */
  readonly peerUrls?: readonly string[];
  /** A frame leaves, before any fault. */
  frameLeaves?(to: MemberId, kind: FrameKind, payload: Uint8Array): void;
}

/** See the head of the file. */
export class PeerNetwork {
  readonly #dependencies: PeerNetworkDependencies;
  readonly #paths = new Map<string, NetworkPath>();
  readonly #processes = new Map<MemberId, NetworkProcess>();
  readonly #streams = new Set<StateStream>();
  /** Once set, what is broken outside stays broken (D9). */
  #core: ReadonlySet<MemberId> | undefined;
  #defaultFaults: LinkFaults = calmFaults;
  /** What makes all paths worse for a time. */
  readonly #burdens = new Map<symbol, LinkFaults>();

  constructor(dependencies: PeerNetworkDependencies) {
    this.#dependencies = dependencies;
  }

  /** The transport of a process that begins to live. One process a member at a time. */
  join(memberId: MemberId, handler: PeerHandler, hooks: PeerProcessHooks): PeerTransport {
    const links = new Map<MemberId, PeerNetworkLink>();
    const process: NetworkProcess = { memberId, handler, hooks, links };
    for (const stream of [...this.#streams]) stream.handleJoin(memberId);
    this.#processes.set(memberId, process);
    return {
      send: (to, kind, chunks) => {
        const link = this.#processes.get(memberId) === process ? links.get(to) : undefined;
        return link?.send(kind, chunks) ?? false;
      },
      setPeers: (peers) => {
        this.#setPeers(process, peers);
      },
      connectedSince: (to) => links.get(to)?.connectedSince,
      sendSnapshot: (to, snapshot, signal) => {
        const path = this.#path(memberId, to);
        return streamState(this.#host(), { process, path, snapshot, signal });
      },
      close: () => {
        if (this.#processes.get(memberId) === process) this.leave(memberId);
        return Promise.resolve();
      },
    };
  }

  /**
   * The process is no more.
   *
   * @param isSilent - The machine has lost power: nobody tells its peers, their connections look
   *   alive until pings stay unanswered.
   */
  leave(memberId: MemberId, isSilent: boolean = false): void {
    const process = this.#processes.get(memberId);
    if (process === undefined) return;
    this.#processes.delete(memberId);
    for (const link of process.links.values()) link.close();
    for (const stream of [...this.#streams]) stream.handleEnd(process, isSilent);
    if (isSilent) return;
    for (const other of this.#inOrder()) other.links.get(memberId)?.reset();
  }

  /** What paths do that were given nothing else. Changes those. */
  setDefaultFaults(faults: LinkFaults): void {
    this.#defaultFaults = faults;
    this.#applyDefault();
  }

  /**
   * Makes all paths worse that were given nothing of their own, beside what else does so.
   *
   * @returns Ends it.
   */
  worsen(faults: LinkFaults): () => void {
    const reason = Symbol("worse");
    this.#burdens.set(reason, faults);
    this.#applyDefault();
    return () => {
      if (this.#burdens.delete(reason)) this.#applyDefault();
    };
  }

  /** What one path does. */
  setLinkFaults(from: MemberId, to: MemberId, faults: LinkFaults): void {
    const path = this.#path(from, to);
    if (this.#isFrozen(path)) return;
    path.faults = faults;
    path.isOwn = true;
  }

  /**
   * Nothing sent on the paths arrives, and senders are not told.
   *
   * @returns Ends this cut; a path that something else has cut stays so.
   */
  cut(paths: readonly Path[]): () => void {
    return this.#break("cut", paths);
  }

  /**
   * What is sent on the paths waits.
   *
   * @returns Ends this clog; see {@link PeerNetwork.cut}.
   */
  clog(paths: readonly Path[]): () => void {
    return this.#break("clog", paths);
  }

  /** Ends cuts and clogs, whatever they are for. */
  heal(paths: readonly Path[]): void {
    for (const path of this.#changeable(paths)) path.heal();
  }

  /**
   * Breaks the connection on a path: what is on the way is lost, the sender is told.
   *
   * @returns Whether there was a connection.
   */
  reset(from: MemberId, to: MemberId): boolean {
    const link = this.#processes.get(from)?.links.get(to);
    if (link?.connectedSince === undefined) return false;
    this.#dependencies.coverage.fault("network reset");
    link.reset();
    for (const stream of [...this.#streams]) stream.handleReset(from, to);
    return true;
  }

  /**
   * Something on the way has forgotten the connection, and the stream of a state beside it, and
   * tells nobody: nothing arrives any more (B10). The run has failed when the sender does not
   * notice in time.
   *
   * @returns Whether there was a connection.
   */
  halfOpen(from: MemberId, to: MemberId): boolean {
    const link = this.#processes.get(from)?.links.get(to);
    if (link?.connectedSince === undefined) return false;
    this.#dependencies.coverage.fault("network half-open");
    link.breakSilently();
    for (const stream of this.#streams) stream.handleSilence(from, to);
    return true;
  }

  /** Ends all faults of all paths. */
  healAll(): void {
    this.#burdens.clear();
    this.heal([...this.#paths.values()]);
    this.#calm(() => true);
  }

  /** Ends all faults between members of the core; all others are permanent from now on (D9). */
  healCore(core: readonly MemberId[]): void {
    const inside = new Set(core);
    const isInside = ({ from, to }: Path): boolean => inside.has(from) && inside.has(to);
    this.heal([...this.#paths.values()].filter(isInside));
    this.#calm(isInside);
    this.#core = inside;
  }

  /** Whether frames sent on a path arrive. */
  isOpen(from: MemberId, to: MemberId): boolean {
    const { isCut, isClogged } = this.#path(from, to);
    return !isCut && !isClogged;
  }

  #break(how: PathBreak, paths: readonly Path[]): () => void {
    const reason = Symbol(how);
    const broken = this.#changeable(paths);
    for (const path of broken) {
      if (!(how === "cut" ? path.isCut : path.isClogged)) {
        this.#dependencies.coverage.fault(`network ${how}`);
      }
      path.break(how, reason);
    }
    return () => {
      for (const path of broken) if (!this.#isFrozen(path)) path.mend(how, reason);
    };
  }

  #applyDefault(): void {
    const faults = this.#usualFaults();
    for (const path of this.#paths.values()) if (!path.isOwn) path.faults = faults;
  }

  #usualFaults(): LinkFaults {
    return worstFaults([this.#defaultFaults, ...this.#burdens.values()]);
  }

  #calm(isMeant: (path: Path) => boolean): void {
    for (const path of this.#paths.values()) {
      if (!isMeant(path) || this.#isFrozen(path)) continue;
      path.faults = calmFaults;
      path.isOwn = true;
    }
  }

  #changeable(paths: readonly Path[]): readonly NetworkPath[] {
    const known = paths.map(({ from, to }) => this.#path(from, to));
    return known.filter((path) => !this.#isFrozen(path));
  }

  #isFrozen({ from, to }: Path): boolean {
    return this.#core !== undefined && !(this.#core.has(from) && this.#core.has(to));
  }

  #path(from: MemberId, to: MemberId): NetworkPath {
    const name = `${from}>${to}`;
    let path = this.#paths.get(name);
    if (path === undefined) {
      const isCalm = this.#core?.has(from) === true && this.#core.has(to);
      const faults = isCalm ? calmFaults : this.#usualFaults();
      const random = this.#dependencies.random.split(name);
      path = new NetworkPath({ from, to }, random, { faults, isOwn: isCalm });
      this.#paths.set(name, path);
    }
    return path;
  }

  #setPeers(process: NetworkProcess, peers: readonly PeerAddress[]): void {
    if (this.#processes.get(process.memberId) !== process) return;
    const wanted = new Set(peers.map(({ memberId }) => memberId));
    wanted.delete(process.memberId);
    for (const [to, link] of [...process.links]) {
      if (wanted.has(to)) continue;
      process.links.delete(to);
      link.reset();
      link.close();
    }
    for (const { links } of this.#inOrder()) links.get(process.memberId)?.refuseIfRemoved();
    for (const to of wanted) {
      if (process.links.has(to)) continue;
      const path = this.#path(process.memberId, to);
      process.links.set(to, new PeerNetworkLink(this.#host(), process, path));
    }
  }

  #inOrder(): readonly NetworkProcess[] {
    return [...this.#processes.values()].sort((a, b) => (a.memberId < b.memberId ? -1 : 1));
  }

  #host(): NetworkHost {
    return {
      ...this.#dependencies,
      processOf: (memberId) => this.#processes.get(memberId),
      pathOf: (from, to) => this.#path(from, to),
      streams: this.#streams,
    };
  }
}

/** What links and streams need from their network. */
export interface NetworkHost extends PeerNetworkDependencies {
  processOf(memberId: MemberId): NetworkProcess | undefined;
  pathOf(from: MemberId, to: MemberId): NetworkPath;
  readonly streams: Set<StateStream>;
}
