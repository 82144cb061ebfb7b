/** What can be seen of a simulated cluster from outside; checkers implement it. */
import type { Entry, MemberId, RaftStatus } from "@quorate/raft";
import type { AppliedEntry, StateMachine } from "@quorate/state-machine";
import type { SimFileSystem } from "@quorate/platform/sim";
import type { Frame } from "./client-network-frames.ts";

/** One life of a member's process, from its start to its end. */
export interface ObservedProcess {
  readonly memberId: MemberId;
  /** Grows with each start on this machine, from 1. */
  readonly life: number;
  /** The machine's disk; outlives the process. */
  readonly files: SimFileSystem;
  readonly dataDirectory: string;
  /** The replicated state as this process holds it. */
  readonly state: StateMachine;
  /** What its consensus knows now. O(members). */
  status(): RaftStatus;
  /** Requests on their way through the log; undefined while it starts. */
  readonly pendingProposals?: number | undefined;
  /** Their bytes. */
  readonly pendingProposalBytes?: number | undefined;
  /** False once it has crashed or closed: nothing that it does has an effect any more. */
  readonly isAlive: boolean;
}

/**
 * Called in the event in which things happen, before their effects reach anybody else. A checker
 * throws a `CheckFailure`; the run ends with it.
 */
export interface WorldObserver {
  /** A machine is there, with an empty disk. */
  machineAdded?(memberId: MemberId, files: SimFileSystem): void;
  /** A process has opened its disk and begins to take part. */
  started?(process: ObservedProcess): void;
  /** It ended: by a crash (power or kill), an orderly close, or because it refused to go on. */
  ended?(process: ObservedProcess, how: EndKind): void;
  /** A frame leaves a process for a peer: before any fault of the network. */
  frameLeaves?(process: ObservedProcess, to: MemberId, kind: number, payload: Uint8Array): void;
  /** A part of an answer leaves a member for a client that has called the method at a path. */
  answerLeaves?(memberId: MemberId, frame: Frame, path: string): void;
  /** A process has applied an entry; its state is that after the entry. */
  applied?(process: ObservedProcess, entry: Entry, applied: AppliedEntry): void;
  /** A process has replaced its state by a received snapshot. */
  restored?(process: ObservedProcess): void;
  /**
   * A linearizable read may be served from the state as it is now.
   *
   * @param floorIndex - The newest entry that any process had applied when the read was asked for.
   */
  readServed?(process: ObservedProcess, floorIndex: number): void;
  /** Role, term or leader changed as this process sees it. */
  softStateChanged?(process: ObservedProcess): void;
  /** After every event of the simulation in which a process ran. Must be cheap. */
  stepped?(process: ObservedProcess): void;
}

/** Why a process is no more. */
export type EndKind = "power" | "kill" | "close" | "fatal";
