import type { Entry } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/**
 * Members at the same applied index have the same state (P8), and the same revision, which never
 * goes back (P7).
 *
 * Hashes are taken after entries, and wherever a state did not come from applying them: after an
 * install and after a restart.
 */
export class StateHashChecker implements WorldObserver {
  readonly #coverage: Coverage;
  readonly #every: number;
  readonly #hashes = new Map<number, { readonly hash: string; readonly from: string }>();
  /** By applied index. */
  readonly #revisions: (number | undefined)[] = [];

  /** @param every - A hash is taken at each so-many-th index; it goes over the whole state. */
  constructor(coverage: Coverage, every: number) {
    this.#coverage = coverage;
    this.#every = every;
  }

  applied(process: ObservedProcess, { index }: Entry): void {
    this.#compareRevision(process, index);
    if (index % this.#every === 0) this.#compareHash(process, index);
  }

  restored(process: ObservedProcess): void {
    this.#compareAll(process);
    this.#coverage.sometimes("a received state was compared", true);
  }

  started(process: ObservedProcess): void {
    this.#compareAll(process);
  }

  #compareAll(process: ObservedProcess): void {
    const { appliedIndex } = process.state;
    this.#compareRevision(process, appliedIndex);
    this.#compareHash(process, appliedIndex);
  }

  #compareRevision({ memberId, state }: ObservedProcess, index: number): void {
    const revision = state.store.currentRevision;
    const known = this.#revisions[index];
    check(known === undefined || known === revision, "P7", () => {
      return `${memberId} is at revision ${revision} after entry ${index}, others at ${known}`;
    });
    const before = this.#revisions[index - 1];
    check(before === undefined || before <= revision, "P7", () => {
      return `entry ${index} takes ${memberId} from revision ${before} back to ${revision}`;
    });
    this.#revisions[index] = revision;
    this.#coverage.checked("P7");
  }

  #compareHash({ memberId, life, state }: ObservedProcess, index: number): void {
    const hash = state.stateHash();
    const from = `${memberId} in life ${life}`;
    const known = this.#hashes.get(index);
    if (known === undefined) {
      this.#hashes.set(index, { hash, from });
      return;
    }
    check(known.hash === hash, "P8", () => {
      return `${from} has another state after entry ${index} than ${known.from}`;
    });
    this.#coverage.checked("P8");
  }
}
