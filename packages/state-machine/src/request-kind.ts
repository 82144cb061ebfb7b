/** Kinds of requests; a kind's place in this list is its code in the log and never changes. */
const kinds = [
  "put",
  "delete-range",
  "txn",
  "compact",
  "lease-grant",
  "lease-revoke",
  "lease-expire",
  "lease-checkpoint",
  "alarm",
  "member-attributes",
  "cluster-version",
] as const;

/** What a request of a batch asks for. */
export type RequestKind = (typeof kinds)[number];

const codes: ReadonlyMap<RequestKind, number> = new Map(
  kinds.map((kind, index) => [kind, index + 1]),
);

/** Code of a kind in the log, 1 to 255. */
export function requestKindCode(kind: RequestKind): number {
  // Hot: nearly all requests of a busy store are puts.
  return kind === "put" ? 1 : (codes.get(kind) ?? 0);
}

/** The kind with the given code, undefined when there is none. */
export function requestKindOf(code: number): RequestKind | undefined {
  return kinds[code - 1];
}
