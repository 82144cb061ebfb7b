import { services, type LeaseLeasesResponseInit } from "@quorate/api";
import type { LeaseRecord } from "@quorate/state-machine";
import type { Reply } from "./calls.ts";
import { headerOf, type ServiceContext } from "./service-context.ts";

/** Leases worked on in one turn: about 10 ms on a slow machine. */
const leasesPerSlice = 10_000;

interface ListedLease {
  readonly id: bigint;
  /** Infinity where it is not known: on members that do not lead. */
  readonly deadlineMillis: number;
}

/** A part of the leases, sorted. */
interface SortedRun {
  readonly leases: readonly ListedLease[];
  next: number;
}

/** Answers with all lease ids, the next to run out first; 10^6 of them stall nobody (V3). */
export function answerLeases(context: ServiceContext, reply: Reply<LeaseLeasesResponseInit>): void {
  new LeaseListing(context, reply).run();
}

/** Collects and sorts a slice a turn, then merges and encodes a slice a turn. */
class LeaseListing {
  readonly #context: ServiceContext;
  readonly #reply: Reply<LeaseLeasesResponseInit>;
  readonly #records: Iterator<LeaseRecord>;
  readonly #chunks: Uint8Array[] = [];
  #runs: SortedRun[] = [];
  #isCollected = false;

  constructor(context: ServiceContext, reply: Reply<LeaseLeasesResponseInit>) {
    this.#context = context;
    this.#reply = reply;
    this.#records = context.member.state.leases.records();
    this.#chunks.push(encode({ header: headerOf(context) }));
  }

  run(): void {
    try {
      if (!this.#isCollected) this.#collect();
      if (this.#isCollected && this.#merge()) {
        this.#reply.bytes(this.#chunks);
        return;
      }
      this.#context.timers.setImmediate(() => this.run());
    } catch (error) {
      this.#reply.fail(error);
    }
  }

  #collect(): void {
    const { leases } = this.#context.member;
    const found: ListedLease[] = [];
    while (found.length < leasesPerSlice) {
      const next = this.#records.next();
      if (next.done === true) {
        this.#isCollected = true;
        break;
      }
      const { id } = next.value;
      found.push({ id, deadlineMillis: leases.deadlineMillis(id) ?? Infinity });
    }
    found.sort(byDeadline);
    if (found.length > 0) this.#runs.push({ leases: found, next: 0 });
  }

  /** @returns Whether everything is merged. */
  #merge(): boolean {
    const ids: bigint[] = [];
    while (ids.length < leasesPerSlice) {
      const id = this.#takeFirst();
      if (id === undefined) break;
      ids.push(id);
    }
    // Messages put end to end are one message with all their repeated fields.
    if (ids.length > 0) this.#chunks.push(encode({ leases: ids.map((id) => ({ id })) }));
    return this.#runs.length === 0;
  }

  #takeFirst(): bigint | undefined {
    let best: SortedRun | undefined;
    let first: ListedLease | undefined;
    for (const run of this.#runs) {
      const lease = run.leases[run.next];
      if (lease === undefined || (first && byDeadline(first, lease) <= 0)) continue;
      best = run;
      first = lease;
    }
    if (best === undefined) return undefined;
    best.next += 1;
    if (best.next === best.leases.length) this.#runs = this.#runs.filter((run) => run !== best);
    return first?.id;
  }
}

function byDeadline(a: ListedLease, b: ListedLease): number {
  if (a.deadlineMillis === b.deadlineMillis) return 0;
  return a.deadlineMillis < b.deadlineMillis ? -1 : 1;
}

function encode(response: LeaseLeasesResponseInit): Uint8Array {
  return services.lease.leaseLeases.encodeResponse(response);
}
