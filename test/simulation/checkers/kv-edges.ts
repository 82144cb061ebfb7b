import type { KvAnswer, KvRecord } from "../history/kv-records.ts";
import { firstIndex } from "../history/truth-view.ts";

type Answered = Pick<KvRecord, "callSequence" | "returnSequence"> & {
  readonly outcome: { readonly memberId: bigint; readonly answer: KvAnswer };
};

/** Highest revisions by the time of the returns that told them. */
interface Heights {
  readonly sequences: number[];
  /** The highest of all returns up to this one. */
  readonly revisions: number[];
}

/** What was known before an operation was called: by anybody, and from the member that answered. */
export class RealTimeEdges {
  readonly #all: Heights = { sequences: [], revisions: [] };
  readonly #byMember = new Map<bigint, Heights>();

  /** O(n log n). */
  constructor(records: readonly Answered[]) {
    const byReturn = [...records].sort((one, other) => one.returnSequence - other.returnSequence);
    for (const { returnSequence, outcome } of byReturn) {
      const { memberId, answer } = outcome;
      const member = this.#byMember.get(memberId) ?? { sequences: [], revisions: [] };
      this.#byMember.set(memberId, member);
      for (const heights of [this.#all, member]) {
        heights.sequences.push(returnSequence);
        heights.revisions.push(Math.max(heights.revisions.at(-1) ?? 0, answer.revision));
      }
    }
  }

  /** The highest revision that any answer had told before the call. O(log n). */
  floorOf({ callSequence }: Pick<KvRecord, "callSequence">): number {
    return heightAt(this.#all, callSequence);
  }

  /** The highest revision that the member that answers had told before the call. O(log n). */
  memberFloorOf({ callSequence, outcome }: Answered): number {
    const heights = this.#byMember.get(outcome.memberId);
    return heights === undefined ? 0 : heightAt(heights, callSequence);
  }
}

function heightAt({ sequences, revisions }: Heights, sequence: number): number {
  const next = firstIndex(sequences.length, (at) => (sequences[at] ?? 0) >= sequence);
  return revisions[next - 1] ?? 0;
}
