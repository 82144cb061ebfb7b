import type { KeyValue } from "@quorate/client";

/** What is kept of a candidate's key. */
export interface Candidate {
  readonly createRevision: number;
  /** What it proclaims, if that is short plain text. */
  readonly proclaimed: string | undefined;
}

/** Who holds an election, by etcd's rule: the candidate whose key is oldest. */
export interface ElectionView {
  readonly candidates: number;
  /** Create revision of the holder's key; 0 without a holder. */
  readonly term: number;
  readonly holder: string | undefined;
}

const holderLengthMax = 100;

/** Reads a candidate's pair. */
export function toCandidate(kv: KeyValue): Candidate {
  const text = kv.value.length <= holderLengthMax ? kv.text() : "";
  const isPlain = /^[\x20-\x7e]+$/.test(text);
  return { createRevision: kv.createRevision, proclaimed: isPlain ? text : undefined };
}

/**
 * Finds the holder. A holder that proclaims no short plain text goes by the last part of its key.
 */
export function viewElection(candidates: ReadonlyMap<string, Candidate>): ElectionView {
  let holder: string | undefined;
  let term = 0;
  for (const [key, { createRevision, proclaimed }] of candidates) {
    if (term !== 0 && createRevision >= term) continue;
    term = createRevision;
    holder = proclaimed ?? key.slice(key.lastIndexOf("/") + 1);
  }
  return { candidates: candidates.size, term, holder };
}
