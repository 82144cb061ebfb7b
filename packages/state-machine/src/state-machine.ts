// The state machine of the log: the meaning of every committed entry.
//
// An entry is applied whole and synchronously. All rows that it changes, with its own index and
// term, are one unit of the backend, so the disk holds an entry whole or not at all (C25). A
// refusal comes before the first change of its request; an unexpected throw leaves the unit open,
// which then never reaches the disk, and makes this object refuse every further call (C29): the
// process ends, and the next one starts from the last unit and replays the log.
import type { RangeRequest, TxnRequest } from "@quorate/api";
import {
  MvccError,
  MvccStore,
  type Backend,
  type Key,
  type RangeCursor,
  type RangeJob,
  type RangeResult,
  type StoreDependencies,
  type StoreOptions,
} from "@quorate/mvcc";
import { AlarmTable } from "./alarm-table.ts";
import { assert } from "./assert.ts";
import type { RequestId } from "./batch.ts";
import { BatchReader } from "./batch-reader.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { emptyConfiguration, type MemberConfiguration } from "./configuration.ts";
import {
  ApplyFailedError,
  MalformedRequestError,
  RequestError,
  type RefusedError,
} from "./errors.ts";
import type { HeldBatch, HeldBatches } from "./held-batch.ts";
import { LeaseTable } from "./lease-table.ts";
import { decodeMemberChange, type MemberChange } from "./member-change.ts";
import { MemberTable } from "./member-table.ts";
import { toRangeQuery } from "./range-query.ts";
import { clusterVersionKey, RequestApplier } from "./request-applier.ts";
import type { AppliedTxn, RequestOutcome } from "./outcome.ts";
import { decodeRequest, type DecodedRequest } from "./request.ts";
import { computeStateHash } from "./state-hash.ts";
import { choosePath, readPath, validatePath } from "./txn.ts";

/** A committed entry of the log. */
export type CommittedEntry = NormalEntry | ConfigurationEntry;

/** Requests of clients and members. */
export interface NormalEntry {
  readonly kind: "normal";
  readonly index: number;
  readonly term: number;
  /** A batch; empty for the entry that a new leader appends. */
  readonly data: Uint8Array;
}

/** A change of who takes part in consensus. */
export interface ConfigurationEntry {
  readonly kind: "configuration";
  readonly index: number;
  readonly term: number;
  /** In force from this entry on. */
  readonly configuration: MemberConfiguration;
  /** Made by `encodeMemberChange`; empty when no member's data changes. */
  readonly context: Uint8Array;
}

/** What became of an entry. */
export interface AppliedEntry<Batch extends HeldBatch = HeldBatch> {
  /** One for each request of a normal entry, in order. */
  readonly outcomes: readonly RequestOutcome[];
  /** Held batches of the entry, in order. */
  readonly batches: readonly AppliedBatch<Batch>[];
  /** What a configuration entry changed about members. */
  readonly memberChange: MemberChange | undefined;
  /** Who asked for the member change. */
  readonly memberChangeRequestId: RequestId | undefined;
}

/** A held batch that was applied. */
export interface AppliedBatch<Batch extends HeldBatch> {
  readonly batch: Batch;
  /** Place of its first request's outcome among all of the entry. */
  readonly begin: number;
}

/** Tuning; nothing of it changes what an entry means. */
export interface StateMachineOptions {
  /** See the store's options. @default the store's defaults */
  readonly store?: Partial<StoreOptions>;
}

/** What a snapshot stands for. */
export interface StateMachineSnapshot {
  /** Index of the last entry in it. */
  readonly index: number;
  readonly term: number;
  readonly configuration: MemberConfiguration;
  readonly sizeBytes: number;
}

/** Applies the log. One per member; synchronous but for opening, snapshots and closing. */
export class StateMachine {
  readonly #store: MvccStore;
  readonly #backend: Backend;
  readonly #leases: LeaseTable;
  readonly #alarms: AlarmTable;
  readonly #members: MemberTable;
  readonly #applier: RequestApplier;
  #appliedIndex = 0;
  #appliedTerm = 0;
  #failure: ApplyFailedError | undefined;
  #isRestoring = false;
  /** Where the last open or restore left off. */
  #loaded: AppliedPoint = { index: 0, term: 0, configuration: emptyConfiguration };
  /** One map for each copy under way: points that it may end with, by the backend's mark. */
  readonly #marks = new Set<Map<number, AppliedPoint>>();

  private constructor(store: MvccStore) {
    this.#store = store;
    this.#backend = store.backend;
    this.#leases = new LeaseTable(store.backend);
    this.#alarms = new AlarmTable(store.backend);
    this.#members = new MemberTable(store.backend);
    this.#applier = new RequestApplier({
      backend: store.backend,
      store,
      leases: this.#leases,
      alarms: this.#alarms,
      members: this.#members,
    });
  }

  /**
   * Opens the state of a backend: the store, leases with their keys, alarms, members.
   *
   * @remarks O(keys + leases). The backend stays the caller's to close.
   */
  static async open(
    options: StateMachineOptions,
    dependencies: StoreDependencies,
  ): Promise<StateMachine> {
    const store = await MvccStore.open(options.store ?? {}, dependencies);
    const machine = new StateMachine(store);
    machine.#load();
    return machine;
  }

  /** Index of the last applied entry; 0 before any. */
  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** Term of the last applied entry; 0 before any. */
  get appliedTerm(): number {
    return this.#appliedTerm;
  }

  /** Index up to which the disk holds everything; what the log must keep begins behind it. */
  get durableIndex(): number {
    return this.#backend.durableMark();
  }

  /** The store, for watches, hashes, statistics and waiting for compactions; never to write. */
  get store(): MvccStore {
    return this.#store;
  }

  /** The leases, to read. */
  get leases(): LeaseView {
    return this.#leases;
  }

  /** The alarms, to read. */
  get alarms(): AlarmView {
    return this.#alarms;
  }

  /** The members and the configuration, to read. */
  get members(): MembershipView {
    return this.#members;
  }

  /** The version that all members serve, as `3.7.0`; undefined until the leader decided. */
  get clusterVersion(): string | undefined {
    const bytes = this.#backend.get("meta", clusterVersionKey);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
  }

  /**
   * Applies the next entry of the log.
   *
   * @param entry - Entries up to {@link StateMachine.appliedIndex} are passed over, so a log may be
   *   replayed from any earlier point.
   * @param held - What the proposer still holds decoded; what it does not find is decoded.
   * @throws {@link ApplyFailedError} when an entry is missing before this one, its data is no
   *   batch, or something broke. The caller ends the process without returning to the event loop.
   */
  apply<Batch extends HeldBatch>(
    entry: CommittedEntry,
    held?: HeldBatches<Batch>,
  ): AppliedEntry<Batch> {
    this.#checkUsable();
    if (entry.index <= this.#appliedIndex) return nothingApplied;
    try {
      assert(entry.index === this.#appliedIndex + 1, `entry follows ${this.#appliedIndex}`);
      assert(entry.term >= this.#appliedTerm, `term is at least ${this.#appliedTerm}`);
      const applied =
        entry.kind === "normal" ? this.#applyNormal(entry, held) : this.#applyConfiguration(entry);
      this.#appliedIndex = entry.index;
      this.#appliedTerm = entry.term;
      this.#stageApplied();
      return applied;
    } catch (error) {
      this.#failure = new ApplyFailedError(entry.index, error);
      // A slice of a compaction would end the unit that this entry left open.
      this.#store.close();
      throw this.#failure;
    }
  }

  /**
   * Reads one key as of everything applied so far.
   *
   * @returns The pair as stored, which is its wire form; undefined when the key is not live.
   */
  // Hot: test/bench/questions/range.ts.
  get(key: Key): Uint8Array | undefined {
    this.#checkUsable();
    return this.#store.get(key);
  }

  /**
   * Reads pairs as of everything applied so far.
   *
   * @param request - Checked by `checkRangeRequest`. `serializable` is the caller's business.
   * @returns Pairs as stored, which is their wire form.
   * @throws CompactedError, FutureRevisionError
   */
  range(request: RangeRequest): RangeResult {
    this.#checkUsable();
    return this.#store.range(toRangeQuery(request));
  }

  /** As {@link StateMachine.range}, in pieces at one pinned revision. @throws as `range` */
  openRange(request: RangeRequest): RangeCursor {
    this.#checkUsable();
    return this.#store.openRange(toRangeQuery(request));
  }

  /** As {@link StateMachine.openRange}, for every order and filter. @throws as `range` */
  startRange(request: RangeRequest): RangeJob {
    this.#checkUsable();
    return this.#store.startRange(toRangeQuery(request));
  }

  /**
   * Answers a transaction that only reads.
   *
   * @param request - Checked by `checkTxnRequest`; `isReadOnlyTxn` holds.
   * @throws CompactedError, FutureRevisionError
   */
  readTxn(request: TxnRequest): AppliedTxn {
    this.#checkUsable();
    const state = { store: this.#store, leases: this.#leases };
    const path = choosePath(state, request);
    validatePath(state, path);
    return readPath(this.#store, path);
  }

  /**
   * Hash of the whole current state but history: equal on all members at equal
   * {@link StateMachine.appliedIndex} (P8).
   *
   * @returns 64 hexadecimal digits.
   * @remarks O(live data), in one go: for tests and the simulator. `store.hashKv` covers history.
   */
  stateHash(): string {
    this.#checkUsable();
    return computeStateHash({
      backend: this.#backend,
      store: this.#store,
      applied: [this.#appliedIndex, this.#appliedTerm],
    });
  }

  /**
   * Copies the state to a new file while entries go on being applied.
   *
   * @returns Which entry the copy ends with.
   */
  async snapshotTo(path: string): Promise<StateMachineSnapshot> {
    this.#checkUsable();
    // A backend that was given no unit since it was opened ends the copy with mark 0.
    const points = new Map([[0, this.#loaded]]);
    points.set(this.#appliedIndex, this.#appliedPoint());
    this.#marks.add(points);
    try {
      const { mark, sizeBytes } = await this.#backend.snapshotTo(path);
      const point = points.get(mark);
      assert(point !== undefined, `snapshot ends with a known entry, not ${mark}`);
      return { ...point, sizeBytes };
    } finally {
      this.#marks.delete(points);
    }
  }

  /**
   * Replaces the whole state by a snapshot's file, which is moved into place. Watchers go on where
   * they were.
   *
   * @remarks Nothing may be applied or read until the promise is settled; when it is rejected the
   *   process must end.
   */
  async restoreFrom(path: string): Promise<void> {
    this.#checkUsable();
    this.#isRestoring = true;
    const before = this.#appliedIndex;
    await this.#store.restoreFrom(path);
    this.#load();
    assert(this.#appliedIndex >= before, `snapshot is not older than ${before}`);
    this.#isRestoring = false;
  }

  /** Stops the store's background work; the backend stays open. Idempotent. */
  close(): void {
    this.#store.close();
  }

  #applyNormal<Batch extends HeldBatch>(
    { data, term }: NormalEntry,
    held: HeldBatches<Batch> | undefined,
  ): AppliedEntry<Batch> {
    if (data.length === 0) return nothingApplied;
    const outcomes: RequestOutcome[] = [];
    const batches: AppliedBatch<Batch>[] = [];
    const reader = new BatchReader(data);
    while (reader.nextBatch()) {
      const batch = held?.find(reader, data);
      if (batch === undefined) {
        while (reader.nextRequest()) outcomes.push(this.#applyBytes(reader, data, term));
      } else {
        reader.skipRequests();
        batches.push({ batch, begin: outcomes.length });
        for (const request of batch.requests) outcomes.push(this.#applyRequest(request, term));
      }
    }
    return { outcomes, batches, memberChange: undefined, memberChangeRequestId: undefined };
  }

  #applyBytes({ kind, begin, end }: BatchReader, data: Uint8Array, term: number): RequestOutcome {
    let request: DecodedRequest;
    try {
      request = decodeRequest(kind, data.subarray(begin, end));
    } catch (error) {
      return toRefusal(error);
    }
    return this.#applyRequest(request, term);
  }

  #applyRequest(request: DecodedRequest, term: number): RequestOutcome {
    try {
      return this.#applier.apply(request, term);
    } catch (error) {
      if (this.#applier.isMutating) throw error;
      return toRefusal(error);
    }
  }

  #applyConfiguration(entry: ConfigurationEntry): AppliedEntry<never> {
    const context = decodeMemberChange(entry.context);
    this.#members.apply(entry.configuration, context?.change);
    return {
      outcomes: [],
      batches: [],
      memberChange: context?.change,
      memberChangeRequestId: context?.requestId,
    };
  }

  #stageApplied(): void {
    const writer = new ByteWriter(16);
    writer.varint(this.#appliedIndex);
    writer.varint(this.#appliedTerm);
    this.#backend.put("meta", appliedKey, writer.finish());
    this.#backend.endUnit(this.#appliedIndex);
    for (const points of this.#marks) points.set(this.#appliedIndex, this.#appliedPoint());
  }

  #appliedPoint(): AppliedPoint {
    const { configuration } = this.#members;
    return { index: this.#appliedIndex, term: this.#appliedTerm, configuration };
  }

  #load(): void {
    this.#leases.load(this.#store.takeAttachedLeases());
    this.#alarms.load();
    this.#members.load();
    const bytes = this.#backend.get("meta", appliedKey);
    const reader = bytes === undefined ? undefined : new ByteReader(bytes);
    this.#appliedIndex = reader?.varint() ?? 0;
    this.#appliedTerm = reader?.varint() ?? 0;
    this.#loaded = this.#appliedPoint();
  }

  #checkUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    assert(!this.#isRestoring, "nothing is applied or read while a snapshot is installed");
  }
}

/** What others may ask of the leases. */
export type LeaseView = Pick<
  LeaseTable,
  "size" | "attachedKeys" | "has" | "get" | "records" | "keysOf" | "leaseOf"
>;

/** What others may ask of the alarms. */
export type AlarmView = Pick<AlarmTable, "isRaised" | "list">;

/** What others may ask of the members. */
export type MembershipView = Pick<
  MemberTable,
  "configuration" | "members" | "removedIds" | "isRemoved" | "get"
>;

type AppliedPoint = Omit<StateMachineSnapshot, "sizeBytes">;

const appliedKey = "applied";

const nothingApplied: AppliedEntry<never> = {
  outcomes: [],
  batches: [],
  memberChange: undefined,
  memberChangeRequestId: undefined,
};

/** The outcome of errors that say no before anything changed; throws all others on. */
function toRefusal(error: unknown): RequestOutcome {
  if (!isRefusal(error)) throw error;
  return { kind: "refused", error };
}

/** Whether it is no bug and no broken disk. */
function isRefusal(error: unknown): error is RefusedError {
  if (error instanceof RequestError || error instanceof MalformedRequestError) return true;
  return error instanceof MvccError && refusalCodes.has(error.code);
}

const refusalCodes: ReadonlySet<string> = new Set([
  "compacted",
  "future-revision",
  "revision-exhausted",
]);
