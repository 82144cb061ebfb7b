/**
 * Judges locks and elections against the store (K1 to K4).
 *
 * The owner of a name at a revision is the key under `<name>/` with the smallest create revision;
 * the truth says who that was at every revision, whatever anybody believed. A wait may return
 * success only if its key was the owner at some revision that was the newest while the wait lasted
 * (K2), and a guarded write may take effect only right after a revision at which its key owned (K1,
 * K4). Tokens on a resource never go back (K3).
 */
import type { Coverage } from "../coverage.ts";
import type {
  FencedWrite,
  ObservedLeader,
  Ownership,
  OwnershipBelief,
  OwnershipHistory,
} from "../history/ownership-history.ts";
import type { Truth, TruthEvent } from "../history/truth.ts";
import { TruthView } from "../history/truth-view.ts";
import { check } from "./check-failure.ts";

/** @throws CheckFailure with the promise that is broken. */
export function checkOwnerships(
  history: OwnershipHistory,
  truth: Truth,
  coverage: Coverage,
  bounds: { readonly driftMax: number },
): void {
  const judge = new OwnershipJudge(truth, coverage);
  for (const ownership of history.ownerships) judge.given(ownership);
  for (const write of history.writes) judge.written(write);
  judge.tokensGrow(history.writes);
  for (const belief of history.beliefs) judge.believed(belief, bounds.driftMax);
  judge.observed(history.observed);
}

/** Owner of a name at a revision. */
interface Owner {
  readonly key: string;
  readonly token: number;
}

class OwnershipJudge {
  readonly #view: TruthView;
  readonly #coverage: Coverage;
  /** Owners of a name by revision, where they change. */
  readonly #owners = new Map<
    string,
    readonly { readonly from: number; readonly owner?: Owner }[]
  >();
  readonly #writes = new Map<string, TruthEvent>();

  constructor(truth: Truth, coverage: Coverage) {
    this.#view = new TruthView(truth);
    this.#coverage = coverage;
    for (const { events } of truth.revisions) {
      for (const event of events) {
        if (event.kind === "put") this.#writes.set(writeName(event.key, event.value), event);
      }
    }
  }

  /** K1, K2: success is told only to who owned during the wait. */
  given(ownership: Ownership): void {
    const { name, key, token, sentMillis, answeredMillis } = ownership;
    const last = this.#view.revisionAt(answeredMillis);
    let wasThere = false;
    let wasOwner = false;
    for (let at = this.#view.revisionAt(sentMillis); at <= last; at += 1) {
      wasThere ||= this.#view.pairAt(key, at)?.createRevision === token;
      wasOwner ||= isSame(this.#ownerAt(name, at), { key, token });
    }
    const window = `in [${sentMillis}, ${answeredMillis}]`;
    check(wasThere, "K2", () => `"${name}" given to ${key} of ${token} ${window}: it was gone`);
    check(wasOwner, "K1", () => `"${name}" given to ${key} of ${token} ${window}: never first`);
    this.#coverage.checked("K1");
    this.#coverage.checked("K2");
    const isGone = this.#view.pairAt(key, last)?.createRevision !== token;
    this.#coverage.sometimes("ownership gone when its wait returns (C47)", isGone);
  }

  /** K1, K3, K4: a guarded write takes effect only under the ownership it names. */
  written(write: FencedWrite): void {
    const { name, key, token, resource, value, outcome } = write;
    const event = this.#writes.get(writeName(resource, value));
    const what = `write "${value}" of ${key} with token ${token}`;
    if (outcome.kind === "done") {
      check(event?.modRevision === outcome.revision, "P4", () => {
        return `${what} was acknowledged at ${outcome.revision}, it is at ${event?.modRevision}`;
      });
    }
    if (event === undefined) return;
    check(outcome.kind !== "refused", "P6", () => {
      return `${what} was refused and is at revision ${event.modRevision}`;
    });
    const owner = this.#ownerAt(name, event.modRevision - 1);
    check(isSame(owner, { key, token }), "K4", () => {
      const holder = owner === undefined ? "nobody" : `${owner.key} of ${owner.token}`;
      return `${what} took effect at ${event.modRevision} while ${holder} owned "${name}"`;
    });
    this.#coverage.checked("K1");
    this.#coverage.checked("K4");
    const isLate = outcome.kind === "unknown";
    this.#coverage.sometimes("fenced write of unknown outcome that took effect", isLate);
  }

  /** K3: in the order of revisions, tokens on a resource never get smaller. */
  tokensGrow(writes: readonly FencedWrite[]): void {
    const done = writes
      .map((write) => ({ write, event: this.#writes.get(writeName(write.resource, write.value)) }))
      .filter(({ event }) => event !== undefined)
      .sort((one, two) => (one.event?.modRevision ?? 0) - (two.event?.modRevision ?? 0));
    const newest = new Map<string, FencedWrite>();
    for (const { write } of done) {
      const before = newest.get(write.resource);
      newest.set(write.resource, write);
      if (before === undefined) continue;
      check(before.token <= write.token, "K3", () => {
        return `"${write.resource}" was written with token ${write.token} after ${before.token}`;
      });
      check(before.token !== write.token || before.key === write.key, "K3", () => {
        return `${before.key} and ${write.key} have the same token ${write.token}`;
      });
      this.#coverage.checked("K3");
    }
  }

  /** A holder's own clock tells it in time that its lease may be gone (K1, L1). */
  believed({ key, token, ttlSeconds, atMillis }: OwnershipBelief, driftMax: number): void {
    const goneAt = this.#view
      .changesOf(key)
      .find((at) => at > token && this.#view.pairAt(key, at)?.createRevision !== token);
    this.#coverage.checked("K1");
    if (goneAt === undefined) return;
    const goneMillis = this.#view.timeOf(goneAt) ?? Infinity;
    // Its clock may be slow and the leader's fast.
    const allowedMillis = ttlSeconds * 1_000 * 2 * driftMax;
    check(atMillis - goneMillis <= allowedMillis, "K1", () => {
      return `${key} of ${token} is believed in at ${atMillis}, it was gone at ${goneMillis}`;
    });
  }

  /** Observers name owners as they were, and never go back. */
  observed(leaders: readonly ObservedLeader[]): void {
    const newest = new Map<string, number>();
    for (const { observer, name, key, token, value, revision } of leaders) {
      const what = `${observer} saw ${key} of ${token} at revision ${revision}`;
      check(isSame(this.#ownerAt(name, revision), { key, token }), "K1", () => {
        const owner = this.#ownerAt(name, revision);
        return `${what}, the owner was ${owner?.key ?? "nobody"}`;
      });
      const pair = this.#view.pairAt(key, revision);
      check(pair?.value === value, "K1", () => {
        return `${what} with "${value}", it was "${pair?.value ?? ""}"`;
      });
      const before = newest.get(observer) ?? 0;
      check(revision >= before, "K1", () => `${what} after revision ${before}`);
      newest.set(observer, revision);
      this.#coverage.checked("K1");
    }
  }

  #ownerAt(name: string, revision: number): Owner | undefined {
    const changes = this.#owners.get(name) ?? this.#trace(name);
    return changes.findLast(({ from }) => from <= revision)?.owner;
  }

  /** Goes through all changes below a name once. */
  #trace(name: string): readonly { readonly from: number; readonly owner?: Owner }[] {
    const keys = this.#view.keysWith(`${name}/`);
    const revisions = new Set(keys.flatMap((key) => this.#view.changesOf(key)));
    const changes = [...revisions]
      .sort((one, two) => one - two)
      .map((from) => {
        let owner: Owner | undefined;
        for (const key of keys) {
          const token = this.#view.pairAt(key, from)?.createRevision;
          if (token !== undefined && (owner === undefined || token < owner.token)) {
            owner = { key, token };
          }
        }
        return owner === undefined ? { from } : { from, owner };
      });
    this.#owners.set(name, changes);
    return changes;
  }
}

function isSame(owner: Owner | undefined, other: Owner): boolean {
  return owner?.key === other.key && owner.token === other.token;
}

function writeName(key: string, value: string): string {
  return JSON.stringify([key, value]);
}
