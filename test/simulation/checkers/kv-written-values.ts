import { hasWritten, type KvAnswer, type KvPair, type KvRecord } from "../history/kv-records.ts";

/**
 * Which value a revision of a key had, as far as answers tell: values are unique, so "changed last
 * at this revision" and "has this value" say the same, and a model needs no revisions.
 */
export class WrittenValues {
  readonly #values = new Map<string, string>();

  /** O(pairs seen). */
  constructor(records: readonly KvRecord[]) {
    for (const { operation, outcome } of records) {
      if (outcome.kind !== "ok") continue;
      const { answer } = outcome;
      for (const pair of pairsOf(answer)) this.#note(pair);
      if (operation.kind === "put" && hasWritten(answer)) {
        this.#note({ key: operation.key, value: operation.value, modRevision: answer.revision });
      }
    }
  }

  /** Undefined if nobody saw it. */
  at(key: string, modRevision: number): string | undefined {
    return this.#values.get(`${modRevision} ${key}`);
  }

  #note({ key, value, modRevision }: Pick<KvPair, "key" | "value" | "modRevision">): void {
    if (value !== "") this.#values.set(`${modRevision} ${key}`, value);
  }
}

function pairsOf(answer: KvAnswer): readonly KvPair[] {
  switch (answer.kind) {
    case "put":
      return answer.previous === undefined ? [] : [answer.previous];
    case "delete":
      return answer.previous;
    case "range":
      return answer.pairs;
    case "txn":
      return answer.results.flatMap(pairsOf);
  }
}
