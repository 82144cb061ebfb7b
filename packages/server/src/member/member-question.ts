/**
 * How a member asks the leader for a change of who belongs to the cluster:
 * `term f64 | change`. The term ties the question to one leadership, as a forwarded batch is (see
 * `proposal-queue.ts`). The answer is `verdict u8`, and for a refusal its code and a sentence.
 */
import {
  decodeMemberChange,
  encodeMemberChange,
  MalformedRequestError,
  MemberChangeError,
  toMemberErrorCode,
  type RequestedMemberChange,
  type RequestId,
} from "@quorate/state-machine";

/** A change and who asked for it. */
export interface MemberQuestion {
  readonly term: number;
  /** Found again in the entry that makes the change. */
  readonly requestId: RequestId;
  readonly change: RequestedMemberChange;
}

/** What the leader says of a change. */
export type MemberVerdict =
  /** It is in the leader's log. */
  | { readonly kind: "proposed" }
  /** It is in no log; another change is under way, or the leader is new or about to go. */
  | { readonly kind: "later" }
  /** It is in no log and cannot be made. */
  | { readonly kind: "refused"; readonly error: MemberChangeError };

const termBytes = 8;
const verdictKinds = ["proposed", "later", "refused"] as const;

/** Encodes a question. */
export function encodeMemberQuestion({ term, requestId, change }: MemberQuestion): Uint8Array {
  const head = Buffer.allocUnsafe(termBytes);
  head.writeDoubleLE(term, 0);
  return Buffer.concat([head, encodeMemberChange({ requestId, change })]);
}

/** Decodes a question; undefined when it is malformed. */
export function decodeMemberQuestion(payload: Uint8Array): MemberQuestion | undefined {
  if (payload.length < termBytes) return undefined;
  try {
    const context = decodeMemberChange(payload.subarray(termBytes));
    if (context?.requestId === undefined || context.change.kind === "bootstrap") return undefined;
    const { requestId, change } = context;
    const term = Buffer.from(payload.subarray(0, termBytes)).readDoubleLE(0);
    return { term, requestId, change };
  } catch (error) {
    if (error instanceof MalformedRequestError) return undefined;
    throw error;
  }
}

/** Encodes an answer. */
export function encodeMemberVerdict(verdict: MemberVerdict): Uint8Array {
  const kind = Buffer.of(verdictKinds.indexOf(verdict.kind));
  if (verdict.kind !== "refused") return kind;
  const { code, message } = verdict.error;
  return Buffer.concat([kind, Buffer.from(`${code}\n${message}`)]);
}

/** Decodes an answer; undefined when it is malformed. */
export function decodeMemberVerdict(payload: Uint8Array): MemberVerdict | undefined {
  const kind = verdictKinds[payload[0] ?? verdictKinds.length];
  if (kind !== "refused") return kind && { kind };
  const [first, message] = Buffer.from(payload.subarray(1)).toString().split("\n", 2);
  const code = toMemberErrorCode(first ?? "");
  if (code === undefined || message === undefined) return undefined;
  return { kind, error: new MemberChangeError(code, message) };
}
