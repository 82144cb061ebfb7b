import { NodeClock, NodeTimers } from "@quorate/platform";
import { MemoryBackend, type Backend } from "@quorate/mvcc";
import {
  encodeAlarmRequest,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodeLeaseCheckpointRequest,
  encodeLeaseGrantRequest,
  encodeLeaseRevokeRequest,
  encodePutRequest,
  encodeTxnRequest,
  type AlarmRequestInit,
  type CompactionRequestInit,
  type DeleteRangeRequestInit,
  type LeaseCheckpointRequestInit,
  type LeaseGrantRequestInit,
  type LeaseRevokeRequestInit,
  type PutRequestInit,
  type TxnRequestInit,
} from "@quorate/api";
import {
  encodeBatch,
  encodeClusterVersionRequest,
  encodeLeaseExpireRequest,
  encodeMemberAttributes,
  encodeMemberChange,
  StateMachine,
  type ClusterVersionRequest,
  type CommittedEntry,
  type LeaseExpireRequest,
  type MemberAttributes,
  type MemberChange,
  type MemberConfiguration,
  type RequestKind,
  type RequestOutcome,
} from "@quorate/state-machine";

/** What a test proposes: the message of each kind, with defaults left out. */
export type Proposal =
  | { readonly kind: "put"; readonly message: PutRequestInit }
  | { readonly kind: "delete-range"; readonly message: DeleteRangeRequestInit }
  | { readonly kind: "txn"; readonly message: TxnRequestInit }
  | { readonly kind: "compact"; readonly message: CompactionRequestInit }
  | { readonly kind: "lease-grant"; readonly message: LeaseGrantRequestInit }
  | { readonly kind: "lease-revoke"; readonly message: LeaseRevokeRequestInit }
  | { readonly kind: "lease-expire"; readonly message: LeaseExpireRequest }
  | { readonly kind: "lease-checkpoint"; readonly message: LeaseCheckpointRequestInit }
  | { readonly kind: "alarm"; readonly message: AlarmRequestInit }
  | { readonly kind: "member-attributes"; readonly message: MemberAttributes }
  | { readonly kind: "cluster-version"; readonly message: ClusterVersionRequest };

/** The bytes of a request inside a batch. */
export function encodeProposal({ kind, message }: Proposal): Uint8Array {
  switch (kind) {
    case "put":
      return encodePutRequest(message);
    case "delete-range":
      return encodeDeleteRangeRequest(message);
    case "txn":
      return encodeTxnRequest(message);
    case "compact":
      return encodeCompactionRequest(message);
    case "lease-grant":
      return encodeLeaseGrantRequest(message);
    case "lease-revoke":
      return encodeLeaseRevokeRequest(message);
    case "lease-expire":
      return encodeLeaseExpireRequest(message);
    case "lease-checkpoint":
      return encodeLeaseCheckpointRequest(message);
    case "alarm":
      return encodeAlarmRequest(message);
    case "member-attributes":
      return encodeMemberAttributes(message);
    case "cluster-version":
      return encodeClusterVersionRequest(message);
  }
}

/** A log that grows in memory, as consensus would hand it out. */
export class TestLog {
  readonly entries: CommittedEntry[] = [];
  term = 1;
  #sequence = 1;

  /** Appends one entry with all requests. */
  append(...proposals: readonly Proposal[]): CommittedEntry {
    return this.appendRaw(
      ...proposals.map((proposal) => ({ kind: proposal.kind, bytes: encodeProposal(proposal) })),
    );
  }

  /** Appends one entry with requests whose bytes are given. */
  appendRaw(
    ...requests: readonly { readonly kind: RequestKind; readonly bytes: Uint8Array }[]
  ): CommittedEntry {
    const proposed = requests.map((request) => ({
      ...request,
      sequence: this.#sequence++,
      authRevision: 0,
    }));
    const data = proposed.length === 0 ? new Uint8Array(0) : encodeBatch(7n, proposed);
    return this.#push({ kind: "normal", ...this.#next(), data });
  }

  /** Appends a configuration entry. */
  configure(
    configuration: Partial<MemberConfiguration>,
    change: MemberChange | undefined,
  ): CommittedEntry {
    const none = { voters: [], votersOutgoing: [], learners: [], learnersNext: [] };
    const requestId = { member: 7n, sequence: this.#sequence++ };
    return this.#push({
      kind: "configuration",
      ...this.#next(),
      configuration: { ...none, ...configuration },
      context: change === undefined ? new Uint8Array(0) : encodeMemberChange({ requestId, change }),
    });
  }

  #next(): { readonly index: number; readonly term: number } {
    return { index: this.entries.length + 1, term: this.term };
  }

  #push(entry: CommittedEntry): CommittedEntry {
    this.entries.push(entry);
    return entry;
  }
}

/** Opens a state machine on a backend. */
export async function openMachine(backend: Backend = new MemoryBackend()): Promise<StateMachine> {
  return StateMachine.open(
    { store: { compactionPauseMillis: 0 } },
    { backend, clock: new NodeClock(), timers: new NodeTimers() },
  );
}

/** Applies what is missing of a log. */
export function replay(machine: StateMachine, log: TestLog): readonly RequestOutcome[] {
  return log.entries.flatMap((entry) => machine.apply(entry).outcomes);
}

/** A machine with its log and a backend that can be crashed. */
export class TestMember {
  readonly log = new TestLog();
  #backend = new MemoryBackend();
  #machine: StateMachine | undefined;

  static async start(): Promise<TestMember> {
    const member = new TestMember();
    await member.#open();
    return member;
  }

  get machine(): StateMachine {
    if (this.#machine === undefined) throw new Error("not started");
    return this.#machine;
  }

  get backend(): MemoryBackend {
    return this.#backend;
  }

  /** Proposes and applies one entry; returns what became of its requests. */
  apply(...proposals: readonly Proposal[]): readonly RequestOutcome[] {
    return this.machine.apply(this.log.append(...proposals)).outcomes;
  }

  /** Cuts the power: what was not durable is gone. Then starts again and replays the log. */
  async crash(): Promise<void> {
    this.machine.close();
    this.#backend = this.#backend.crash();
    await this.#open();
    replay(this.machine, this.log);
  }

  async #open(): Promise<void> {
    this.#machine = await openMachine(this.#backend);
  }
}
