/** What a request of a batch asks for; the number is its code in the log and never changes. */
export const requestKindNumbers = {
  put: 1,
  "delete-range": 2,
  txn: 3,
  compact: 4,
  "lease-grant": 5,
  "lease-revoke": 6,
  "lease-expire": 7,
  "lease-checkpoint": 8,
  alarm: 9,
  "member-attributes": 10,
  "cluster-version": 11,
} as const;

/** See {@link requestKindNumbers}. */
export type RequestKind = keyof typeof requestKindNumbers;

const kindsByNumber: readonly (RequestKind | undefined)[] = listKinds();

/** The kind with the given code, undefined when there is none. */
export function requestKindOf(code: number): RequestKind | undefined {
  return kindsByNumber[code];
}

function listKinds(): (RequestKind | undefined)[] {
  const kinds: (RequestKind | undefined)[] = [];
  for (const kind of Object.keys(requestKindNumbers) as RequestKind[]) {
    kinds[requestKindNumbers[kind]] = kind;
  }
  return kinds;
}
