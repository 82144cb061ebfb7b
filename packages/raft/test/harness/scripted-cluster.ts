import {
  decodeMessage,
  encodeMessage,
  RaftNode,
  toLogIndex,
  toMemberId,
  toTerm,
  type Configuration,
  type Entry,
  type HardState,
  type MemberId,
  type Message,
  type RaftOptions,
  type Ready,
} from "@quorate/raft";
import { SimDisk } from "../simulation/sim-disk.ts";
import { describeMessage, describeReady } from "./describe.ts";

/** How the nodes of a script are made. */
export interface ScriptedOptions {
  readonly configuration: Configuration;
  readonly raft?: Partial<Omit<RaftOptions, "id" | "random">>;
}

/** One scripted member: nothing happens on it but what the script asks for. */
export class ScriptedMember {
  readonly id: MemberId;
  readonly disk: SimDisk;
  node: RaftNode;
  /** While slow, written Readys wait here for `persist`. */
  isDiskSlow = false;
  /** The newest hard state handed out. */
  told: HardState;
  unwritten: Ready[] = [];
  appliedIndex = 0;
  applied: string[] = [];
  readonly reads = new Map<number, number>();
  readonly abandonedReads: number[] = [];
  readonly #options: ScriptedOptions;

  constructor(id: MemberId, options: ScriptedOptions, disk?: SimDisk) {
    this.id = id;
    this.#options = options;
    const hardState = { term: toTerm(0), votedFor: undefined, commit: toLogIndex(0) };
    const { configuration } = options;
    this.disk =
      disk ?? new SimDisk(hardState, { index: toLogIndex(0), term: toTerm(0), configuration });
    this.told = this.disk.hardState;
    this.appliedIndex = this.disk.compacted.index;
    this.node = this.#start();
  }

  /** The process dies and comes back: what was not written is gone. */
  restart(): void {
    this.unwritten = [];
    this.told = this.disk.hardState;
    this.node = this.#start();
  }

  #start(): RaftNode {
    const { hardState, compacted, entries } = this.disk;
    // Member n waits n - 1 ticks longer than the shortest timeout: scripts know who is first.
    const random = { nextInt: (bound: number) => (Number(this.id) - 1) % bound };
    return new RaftNode(
      { ...this.#options.raft, id: this.id, random },
      { hardState, compacted, entries: [...entries], applied: toLogIndex(this.appliedIndex) },
    );
  }
}

/** A cluster in which every step is taken by hand, and told in `trace`. */
export class ScriptedCluster {
  readonly members = new Map<MemberId, ScriptedMember>();
  /** Sent and not yet delivered. */
  inFlight: Message[] = [];
  trace: string[] = [];
  /** Directed links that lose everything: "1>2". */
  readonly cut = new Set<string>();
  readonly options: ScriptedOptions;

  constructor(options: ScriptedOptions) {
    this.options = options;
    const { voters, learners } = options.configuration;
    for (const id of [...voters, ...learners]) this.add(id, options.configuration);
  }

  /** Adds a member; one that joins a running cluster starts with the empty configuration. */
  add(id: MemberId, configuration: Configuration, disk?: SimDisk): ScriptedMember {
    const member = new ScriptedMember(id, { ...this.options, configuration }, disk);
    this.members.set(id, member);
    return member;
  }

  /** The member with a small id. */
  member(id: number | bigint): ScriptedMember {
    const member = this.members.get(toMemberId(BigInt(id)));
    if (member === undefined) throw new Error(`no member ${id}`);
    return member;
  }

  node(id: number | bigint): RaftNode {
    return this.member(id).node;
  }

  /** Cuts both directions between `ids` and everybody else. */
  isolate(...ids: readonly number[]): void {
    const inside = new Set(ids.map((id) => toMemberId(BigInt(id))));
    for (const from of this.members.keys()) {
      for (const to of this.members.keys()) {
        if (inside.has(from) !== inside.has(to)) this.cut.add(`${from}>${to}`);
      }
    }
  }

  /** Every member can reach every other again. */
  heal(): void {
    this.cut.clear();
  }

  tick(id: number, count: number): void {
    for (let i = 0; i < count; i += 1) this.node(id).tick();
  }

  propose(id: number, text: string): ReturnType<RaftNode["propose"]> {
    return this.node(id).propose(bytesOf(text));
  }

  /** Does what the Readys of a member ask for. */
  process(id: number | bigint): void {
    const member = this.member(id);
    while (member.node.hasReady()) {
      const ready = member.node.ready();
      this.trace.push(...describeReady(member.id, ready, member.told));
      member.told = ready.hardState ?? member.told;
      for (const message of ready.messages) this.#send(message);
      member.unwritten.push(ready);
      if (!member.isDiskSlow) this.persist(id);
      this.#apply(member, ready.committedEntries);
      for (const read of ready.readStates) member.reads.set(read.requestId, read.index);
      member.abandonedReads.push(...ready.abandonedReads);
    }
  }

  /** The disk finishes the oldest `count` writes of a member. */
  persist(id: number | bigint, count = Infinity): void {
    const member = this.member(id);
    for (const ready of member.unwritten.splice(0, count)) {
      member.disk.write(ready);
      if (ready.snapshot !== undefined) {
        member.appliedIndex = ready.snapshot.index;
        member.applied = [`snapshot ${ready.snapshot.index}`];
      }
      member.node.persisted(ready);
      for (const message of ready.messagesAfterPersist) this.#send(message);
    }
  }

  /** Delivers what is in flight now, where `isWanted`; what it causes stays in flight. */
  deliver(isWanted: (message: Message) => boolean = () => true): void {
    const messages = this.inFlight;
    this.inFlight = messages.filter((message) => !isWanted(message));
    for (const message of messages) {
      if (isWanted(message)) this.step(message);
    }
  }

  /** Loses what is in flight now, where `isWanted`. */
  drop(isWanted: (message: Message) => boolean = () => true): void {
    this.inFlight = this.inFlight.filter((message) => !isWanted(message));
  }

  /** Steps a message on its receiver, as the network would. */
  step(message: Message): void {
    const chunks = encodeMessage(message).map((chunk) => Array.from(chunk));
    this.members.get(message.to)?.node.step(decodeMessage(Uint8Array.from(chunks.flat())));
  }

  /** Processes and delivers until nothing moves any more. No time passes. */
  stabilize(...ids: readonly number[]): void {
    const included = (id: bigint): boolean => ids.length === 0 || ids.includes(Number(id));
    for (let round = 0; round < 1_000; round += 1) {
      for (const id of this.members.keys()) if (included(id)) this.process(id);
      const isWanted = (message: Message): boolean => included(message.to);
      if (!this.inFlight.some(isWanted)) return;
      this.deliver(isWanted);
    }
    throw new Error("the cluster does not come to rest");
  }

  /** Lets `id` campaign and win. */
  elect(id: number): void {
    this.node(id).campaign();
    this.stabilize();
    const { role } = this.node(id).status();
    if (role !== "leader") throw new Error(`${id} is ${role}, expected leader`);
  }

  /** Empties the trace. */
  takeTrace(): string {
    const text = this.trace.join("\n");
    this.trace = [];
    return text;
  }

  #send(message: Message): void {
    const isLost = this.cut.has(`${message.from}>${message.to}`);
    this.trace.push(`  ${describeMessage(message)}${isLost ? " (lost)" : ""}`);
    if (!isLost) this.inFlight.push(message);
  }

  #apply(member: ScriptedMember, entries: readonly Entry[]): void {
    for (const entry of entries) {
      member.appliedIndex = entry.index;
      if (entry.kind === "normal" && entry.data.length > 0) {
        member.applied.push(String.fromCharCode(...entry.data));
      }
    }
    member.node.applied(toLogIndex(member.appliedIndex));
  }
}

/** ASCII text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Small numbers as member ids. */
export function ids(...numbers: readonly number[]): readonly MemberId[] {
  return numbers.map((number) => toMemberId(BigInt(number)));
}
