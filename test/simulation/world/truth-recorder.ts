/** Writes down what the store really does, from what is applied first anywhere. */
import { decodeStored, keyFromBytes, type Backend } from "@quorate/mvcc";
import type { Entry } from "@quorate/raft";
import {
  decodeBatch,
  decodeRequest,
  type AppliedEntry,
  type AppliedOperation,
  type DecodedRequest,
  type RequestOutcome,
} from "@quorate/state-machine";
import type {
  Truth,
  TruthEvent,
  TruthLeaseEvent,
  TruthPair,
  TruthRevision,
} from "../history/truth.ts";
import type { ObservedProcess, WorldObserver } from "./observer.ts";

/** See the head of the file. */
export class TruthRecorder implements WorldObserver, Truth {
  readonly revisions: TruthRevision[] = [];
  readonly leases: TruthLeaseEvent[] = [];
  readonly compactions: { readonly revision: number; readonly atMillis: number }[] = [];
  readonly leadershipsMillis: number[] = [];
  readonly forgetful = new Set<bigint>();
  readonly final = new Map<string, TruthPair>();
  readonly #nowMillis: () => number;
  #index = 0;
  #compactRevision = -1;

  constructor(nowMillis: () => number) {
    this.#nowMillis = nowMillis;
  }

  /** Index of the newest entry that was applied anywhere. */
  get appliedIndex(): number {
    return this.#index;
  }

  /** Newest revision. */
  get currentRevision(): number {
    return this.revisions.length + 1;
  }

  applied({ state }: ObservedProcess, entry: Entry, applied: AppliedEntry): void {
    if (entry.index <= this.#index) return;
    this.#index = entry.index;
    const { store } = state;
    const written = new Set(applied.outcomes.map(writtenRevision));
    for (let revision = this.currentRevision + 1; revision <= store.currentRevision; revision++) {
      const events = this.#eventsOf(store.backend, revision);
      const atMillis = this.#nowMillis();
      const isWrite = written.has(revision);
      this.revisions.push({ revision, events, index: entry.index, isWrite, atMillis });
    }
    if (store.compactRevision > this.#compactRevision) {
      if (entry.kind === "normal") this.#noteCompactions(entry, applied);
      this.#compacted(store.compactRevision);
    }
    if (entry.kind === "normal" && applied.outcomes.some(isAboutLeases)) {
      this.#noteLeases(entry, applied);
    }
  }

  softStateChanged(process: ObservedProcess): void {
    if (process.status().role === "leader") this.leadershipsMillis.push(this.#nowMillis());
  }

  #eventsOf(backend: Backend, revision: number): readonly TruthEvent[] {
    const events: TruthEvent[] = [];
    const range = { begin: rowKey(revision), end: rowKey(revision + 1) };
    backend.scan("key", range, (row, bytes) => {
      const stored = decodeStored(bytes);
      const key = keyFromBytes(stored.key);
      const previous = this.final.get(key);
      const pair = {
        value: Buffer.from(stored.value).toString("latin1"),
        createRevision: stored.createRevision,
        modRevision: revision,
        version: stored.version,
        lease: stored.lease,
      };
      const isDelete = row.endsWith("t") && row.length === 18;
      if (isDelete) this.final.delete(key);
      else this.final.set(key, pair);
      const kind = isDelete ? "delete" : "put";
      events.push({ kind, key, ...pair, previous });
      return true;
    });
    return events;
  }

  /** An entry may hold several. */
  #noteCompactions(entry: Entry, { outcomes }: AppliedEntry): void {
    decodeBatch(entry.data).forEach(({ kind, bytes }, i) => {
      if (outcomes[i]?.kind !== "compact") return;
      const request = decodeRequest(kind, bytes);
      if (request.kind === "compact") this.#compacted(request.message.revision);
    });
  }

  #compacted(revision: number): void {
    if (revision <= this.#compactRevision) return;
    this.#compactRevision = revision;
    if (revision > 0) this.compactions.push({ revision, atMillis: this.#nowMillis() });
  }

  #noteLeases(entry: Entry, applied: AppliedEntry): void {
    const requests = decodeBatch(entry.data);
    requests.forEach(({ kind, bytes }, i) => {
      const outcome = applied.outcomes[i];
      if (outcome === undefined || outcome.kind === "refused") return;
      if (!isAboutLeases(outcome)) return;
      for (const event of leaseEvents(decodeRequest(kind, bytes), outcome)) {
        this.leases.push({ ...event, index: entry.index, atMillis: this.#nowMillis() });
      }
    });
  }
}

type LeaseChange = Pick<TruthLeaseEvent, "kind" | "leaseId" | "ttlSeconds" | "isExpiry">;

function leaseEvents(request: DecodedRequest, outcome: RequestOutcome): readonly LeaseChange[] {
  if (request.kind === "lease-grant") {
    const { id, ttl } = request.message;
    return [{ kind: "granted", leaseId: id, ttlSeconds: ttl, isExpiry: false }];
  }
  if (request.kind === "lease-revoke") {
    const { id } = request.message;
    return [{ kind: "revoked", leaseId: id, ttlSeconds: 0, isExpiry: false }];
  }
  if (outcome.kind !== "lease-expire") return [];
  return outcome.message.expired.map((leaseId) => {
    return { kind: "revoked", leaseId, ttlSeconds: 0, isExpiry: true };
  });
}

/** The revision of a request that wrote keys; what only ended leases is none. */
function writtenRevision(outcome: RequestOutcome): number | undefined {
  const { kind } = outcome;
  if (kind !== "put" && kind !== "delete-range" && kind !== "txn") return undefined;
  return hasWritten(outcome) ? outcome.revision : undefined;
}

function hasWritten(operation: AppliedOperation): boolean {
  switch (operation.kind) {
    case "put":
      return true;
    case "delete-range":
      return operation.deleted > 0;
    case "txn":
      return operation.operations.some(hasWritten);
    case "range":
      return false;
  }
}

function isAboutLeases({ kind }: RequestOutcome): boolean {
  return kind === "lease-grant" || kind === "lease-revoke" || kind === "lease-expire";
}

/** First row key of a revision: eight bytes big-endian, as the store's. */
function rowKey(revision: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(revision));
  return bytes.toString("latin1");
}
