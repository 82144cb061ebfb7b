// What each kind of request does. Everything that can refuse a request comes before the first
// change; from there on `MutationGuard` is on, and whatever is thrown then is a bug that stops the
// member (C29). No settings of this member, no time and no chance are read here (P8).
import {
  AlarmRequestAlarmAction,
  AlarmType,
  type AlarmRequest,
  type AlarmResponseInit,
  type CompactionRequest,
  type CompactionResponseInit,
  type DeleteRangeRequest,
  type LeaseCheckpointRequest,
  type LeaseCheckpointResponseInit,
  type LeaseGrantRequest,
  type LeaseGrantResponseInit,
  type LeaseRevokeRequest,
  type LeaseRevokeResponseInit,
  type ResponseHeaderInit,
  type TxnRequest,
} from "@quorate/api";
import { rangeEndNone, type Backend, type MvccStore } from "@quorate/mvcc";
import type { AlarmTable } from "./alarm-table.ts";
import { RequestError } from "./errors.ts";
import type { ClusterVersionRequest, LeaseExpireRequest } from "./internal-request.ts";
import type { LeaseTable } from "./lease-table.ts";
import type { MemberAttributes, MemberTable } from "./member-table.ts";
import { txnCostBytes } from "./quota.ts";
import {
  checkDeleteRangeRequest,
  checkLeaseGrantRequest,
  checkPut,
  checkTxnRequest,
  isReadOnlyTxn,
} from "./request-check.ts";
import type {
  AppliedDeleteRange,
  AppliedPut,
  AppliedResponse,
  AppliedTxn,
  LeaseExpireResponse,
  MemberAttributesResponse,
} from "./outcome.ts";
import type { PutCommand } from "./put-command.ts";
import type { DecodedRequest } from "./request.ts";
import {
  choosePath,
  executeDeleteRange,
  executePath,
  executePut,
  validatePath,
  validatePut,
} from "./txn.ts";

/** The replicated state that requests change. */
export interface ReplicatedState {
  readonly backend: Backend;
  readonly store: MvccStore;
  readonly leases: LeaseTable;
  readonly alarms: AlarmTable;
  readonly members: MemberTable;
}

/** Row of bucket `meta` with the version that all members serve. */
export const clusterVersionKey = "clusterVersion";

/** Applies single requests. */
export class RequestApplier {
  readonly #state: ReplicatedState;
  #isMutating = false;

  constructor(state: ReplicatedState) {
    this.#state = state;
  }

  /** Whether a request had begun to change the state when it threw. */
  get isMutating(): boolean {
    return this.#isMutating;
  }

  /**
   * Applies one request.
   *
   * @param term - Term of the entry it came in.
   * @throws RequestError or MvccError while {@link RequestApplier.isMutating} is false: refused,
   *   without any effect. Whatever is thrown while it is true is fatal.
   */
  apply(request: DecodedRequest, term: number): AppliedResponse {
    const { kind, message } = request;
    switch (kind) {
      case "put":
        return this.#put(message);
      case "delete-range":
        return this.#deleteRange(message);
      case "txn":
        return this.#txn(message);
      case "compact":
        return { kind, message: this.#compact(message) };
      case "lease-grant":
        return { kind, message: this.#leaseGrant(message) };
      case "lease-revoke":
        return { kind, message: this.#leaseRevoke(message) };
      case "lease-expire":
        return { kind, message: this.#leaseExpire(message, term) };
      case "lease-checkpoint":
        return { kind, message: this.#leaseCheckpoint(message) };
      case "alarm":
        return { kind, message: this.#alarm(message) };
      case "member-attributes":
        return { kind, message: this.#memberAttributes(message) };
      case "cluster-version":
        return { kind, message: this.#clusterVersion(message) };
    }
  }

  // Hot: what `#mutate` does, without a closure.
  #put(put: PutCommand): AppliedPut {
    this.#refuseIfCorrupt();
    this.#refuseIfFull();
    checkPut(put);
    validatePut(this.#state, put);
    const txn = this.#state.store.beginWrite();
    this.#isMutating = true;
    const response = executePut(this.#state, txn, put.key, put);
    txn.end();
    this.#isMutating = false;
    return response;
  }

  #deleteRange(request: DeleteRangeRequest): AppliedDeleteRange {
    this.#refuseIfCorrupt();
    checkDeleteRangeRequest(request);
    const txn = this.#state.store.beginWrite();
    return this.#mutate(() => {
      const response = executeDeleteRange(this.#state, txn, request);
      txn.end();
      return response;
    });
  }

  // Hot: as `#put`.
  #txn(request: TxnRequest): AppliedTxn {
    if (!isReadOnlyTxn(request)) this.#refuseIfCorrupt();
    if (txnCostBytes(request) > 0) this.#refuseIfFull();
    checkTxnRequest(request, Number.POSITIVE_INFINITY);
    const path = choosePath(this.#state, request);
    validatePath(this.#state, path);
    const txn = this.#state.store.beginWrite();
    this.#isMutating = true;
    const operations = executePath(this.#state, txn, path);
    const revision = txn.end();
    this.#isMutating = false;
    return { kind: "txn", revision, succeeded: path.succeeded, operations };
  }

  #compact({ revision }: CompactionRequest): CompactionResponseInit {
    this.#refuseIfCorrupt();
    const { store } = this.#state;
    // Throws before it changes anything. The removal goes on by itself; whoever waits for it asks
    // the store, and a store that closes first leaves nobody waiting.
    store.scheduleCompaction(revision).catch(() => undefined);
    return { header: this.#header() };
  }

  #leaseGrant(request: LeaseGrantRequest): LeaseGrantResponseInit {
    this.#refuseIfCorrupt();
    this.#refuseIfFull();
    checkLeaseGrantRequest(request);
    const { id } = request;
    const { leases } = this.#state;
    if (id === 0n) throw new RequestError("lease-not-found", "Cannot grant lease: its id is 0");
    if (leases.has(id)) {
      throw new RequestError("lease-exists", `Cannot grant lease ${id}: it exists`);
    }
    const ttl = Math.max(request.ttl, 1);
    return this.#mutate(() => {
      leases.grant(id, ttl);
      return { header: this.#header(), id, ttl };
    });
  }

  #leaseRevoke({ id }: LeaseRevokeRequest): LeaseRevokeResponseInit {
    this.#refuseIfCorrupt();
    if (!this.#state.leases.has(id)) {
      throw new RequestError("lease-not-found", `Cannot revoke lease ${id}: it does not exist`);
    }
    this.#removeLease(id);
    return { header: this.#header() };
  }

  #leaseExpire(request: LeaseExpireRequest, term: number): LeaseExpireResponse {
    this.#refuseIfCorrupt();
    if (request.term !== term) return { expired: [], isVoid: true };
    const expired: bigint[] = [];
    for (const id of request.ids) {
      if (!this.#state.leases.has(id)) continue;
      this.#removeLease(id);
      expired.push(id);
    }
    return { expired, isVoid: false };
  }

  #leaseCheckpoint({ checkpoints }: LeaseCheckpointRequest): LeaseCheckpointResponseInit {
    return this.#mutate(() => {
      for (const { id, remainingTtl } of checkpoints) {
        this.#state.leases.checkpoint(id, Math.max(remainingTtl, 0));
      }
      return { header: this.#header() };
    });
  }

  #alarm({ action, alarm, memberId }: AlarmRequest): AlarmResponseInit {
    const { alarms } = this.#state;
    const affected = { memberId, alarm };
    return this.#mutate(() => {
      const header = this.#header();
      switch (action) {
        case AlarmRequestAlarmAction.GET:
          return { header, alarms: alarms.list(alarm) };
        case AlarmRequestAlarmAction.ACTIVATE:
          if (alarm === AlarmType.NONE) return { header };
          alarms.activate(affected);
          return { header, alarms: [affected] };
        case AlarmRequestAlarmAction.DEACTIVATE:
          return { header, alarms: alarms.deactivate(affected) ? [affected] : [] };
        default:
          return { header };
      }
    });
  }

  #memberAttributes(attributes: MemberAttributes): MemberAttributesResponse {
    return this.#mutate(() => ({ isMember: this.#state.members.publish(attributes) }));
  }

  #clusterVersion(request: ClusterVersionRequest): ClusterVersionRequest {
    return this.#mutate(() => {
      this.#state.backend.put("meta", clusterVersionKey, Buffer.from(request.version, "utf8"));
      return request;
    });
  }

  /** Deletes the keys of a lease in one revision, in key order (L5), and the lease. */
  #removeLease(id: bigint): void {
    const { leases, store } = this.#state;
    const keys = leases.keysOf(id);
    const txn = keys.length === 0 ? undefined : store.beginWrite();
    this.#mutate(() => {
      for (const key of keys) txn?.deleteRange(key, rangeEndNone);
      txn?.end();
      leases.remove(id);
    });
  }

  #header(): ResponseHeaderInit {
    return { revision: this.#state.store.currentRevision };
  }

  #refuseIfCorrupt(): void {
    if (this.#state.alarms.isRaised(AlarmType.CORRUPT)) {
      throw new RequestError("corrupt", "Cannot write: the CORRUPT alarm is raised");
    }
  }

  #refuseIfFull(): void {
    if (this.#state.alarms.isRaised(AlarmType.NOSPACE)) {
      throw new RequestError("no-space", "Cannot write: the NOSPACE alarm is raised");
    }
  }

  /** Runs changes; when they throw, {@link RequestApplier.isMutating} stays true. */
  #mutate<T>(change: () => T): T {
    this.#isMutating = true;
    const result = change();
    this.#isMutating = false;
    return result;
  }
}
