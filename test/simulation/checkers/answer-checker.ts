import type { MemberId } from "@quorate/raft";
import type { Coverage } from "../coverage.ts";
import type { Frame } from "../world/client-network-frames.ts";
import type { ObservedProcess, WorldObserver } from "../world/observer.ts";
import { check } from "./check-failure.ts";

/** Services whose answers begin with a header that says a revision. */
const judged: readonly string[] = ["KV", "Lease", "Watch"].map((name) => `/etcdserverpb.${name}/`);

/**
 * No answer to a client says a revision that does not stand yet (D8). What is applied anywhere is
 * committed and on the disks of a majority, which `DurabilityChecker` sees to; so the newest
 * revision of that is all that may be told at the moment when an answer leaves.
 */
export class AnswerChecker implements WorldObserver {
  readonly #coverage: Coverage;
  #appliedIndex = 0;
  #revision = 1;

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  applied({ state }: ObservedProcess, { index }: { readonly index: number }): void {
    if (index <= this.#appliedIndex) return;
    this.#appliedIndex = index;
    this.#revision = state.store.currentRevision;
  }

  answerLeaves(memberId: MemberId, frame: Frame, path: string): void {
    if (frame.kind !== "data" || frame.message === undefined) return;
    if (!judged.some((service) => path.startsWith(service))) return;
    const revision = revisionOf(frame.message);
    if (revision === undefined) return;
    check(revision <= this.#revision, "D8", () => {
      const method = path.slice(path.lastIndexOf("/") + 1);
      return (
        `${memberId} answers a ${method} at revision ${revision}, ` +
        `committed and durable is ${this.#revision}`
      );
    });
    this.#coverage.checked("D8 answers");
  }
}

const headerTag = 0x0a;
const revisionTag = 0x18;

/**
 * The revision that the header of an answer says: field 3 of a message of varints in field 1.
 *
 * @returns undefined for an answer that does not begin with a header.
 */
function revisionOf(message: Uint8Array): number | undefined {
  const length = message[1] ?? 0;
  if (message[0] !== headerTag || length >= 0x80) return undefined;
  const end = 2 + length;
  for (let at = 2; at < end;) {
    const tag = message[at] ?? 0;
    const isVarint = (tag & 7) === 0;
    if (!isVarint) return undefined;
    let value = 0;
    let scale = 1;
    for (at += 1; ; at += 1, scale *= 0x80) {
      const byte = message[at] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (tag === revisionTag) return value;
    at += 1;
  }
  return 0;
}
