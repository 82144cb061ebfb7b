/**
 * A gRPC status code by its number on the wire: 0 OK, 1 CANCELLED, 2 UNKNOWN, 3 INVALID_ARGUMENT,
 * 4 DEADLINE_EXCEEDED, 5 NOT_FOUND, 6 ALREADY_EXISTS, 7 PERMISSION_DENIED, 8 RESOURCE_EXHAUSTED,
 * 9 FAILED_PRECONDITION, 10 ABORTED, 11 OUT_OF_RANGE, 12 UNIMPLEMENTED, 13 INTERNAL,
 * 14 UNAVAILABLE, 15 DATA_LOSS, 16 UNAUTHENTICATED.
 */
export type WireStatusCode =
  0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15 | 16;

/** How a call fails on the wire. Clients recognise most errors by the exact message. */
export interface WireError {
  readonly code: WireStatusCode;
  readonly message: string;
}

/** The code of an error inside this project; the key of {@link wireErrors}. */
export type WireErrorCode = keyof typeof wireErrors;

/**
 * Every error of a fixed text, by our own code. Texts and codes equal those of etcd 3.7, odd ones
 * included: where clients expect another status code than etcd really sends, this is the real one.
 */
export const wireErrors = {
  // Keys and values.
  "key-empty": { code: 3, message: "etcdserver: key is not provided" },
  "key-not-found": { code: 3, message: "etcdserver: key not found" },
  "value-provided": { code: 3, message: "etcdserver: value is provided" },
  "lease-provided": { code: 3, message: "etcdserver: lease is provided" },
  "too-many-operations": { code: 3, message: "etcdserver: too many operations in txn request" },
  "duplicate-key": { code: 3, message: "etcdserver: duplicate key given in txn request" },
  "invalid-client-api-version": { code: 3, message: "etcdserver: invalid client api version" },
  "invalid-sort-option": { code: 3, message: "etcdserver: invalid sort option" },
  compacted: { code: 11, message: "etcdserver: mvcc: required revision has been compacted" },
  "future-revision": {
    code: 11,
    message: "etcdserver: mvcc: required revision is a future revision",
  },
  "no-space": { code: 8, message: "etcdserver: mvcc: database space exceeded" },
  "range-stream-sort": { code: 12, message: "RangeStream does not support custom sort orders" },
  "range-stream-filter": { code: 12, message: "RangeStream does not support revision filters" },

  // Leases and watches.
  "lease-not-found": { code: 5, message: "etcdserver: requested lease not found" },
  "lease-exists": { code: 9, message: "etcdserver: lease already exists" },
  "lease-ttl-too-large": { code: 11, message: "etcdserver: too large lease TTL" },
  "not-primary-lessor": { code: 2, message: "not a primary lessor" },
  "watch-cancelled": { code: 1, message: "etcdserver: watch canceled" },

  // Members.
  "member-exists": { code: 9, message: "etcdserver: member ID already exist" },
  "peer-url-exists": { code: 9, message: "etcdserver: Peer URLs already exists" },
  "not-enough-started-members": {
    code: 2,
    message: "etcdserver: re-configuration failed due to not enough started members",
  },
  "invalid-member-urls": { code: 3, message: "etcdserver: given member URLs are invalid" },
  "member-not-found": { code: 5, message: "etcdserver: member not found" },
  "member-not-learner": { code: 9, message: "etcdserver: can only promote a learner member" },
  "learner-not-ready": {
    code: 9,
    message: "etcdserver: can only promote a learner member which is in sync with leader",
  },
  "too-many-learners": { code: 9, message: "etcdserver: too many learner members in cluster" },
  "cluster-id-mismatch": { code: 9, message: "etcdserver: cluster ID mismatch" },
  "unhealthy-cluster": { code: 14, message: "etcdserver: unhealthy cluster" },

  // Requests.
  "request-too-large": { code: 3, message: "etcdserver: request is too large" },
  "too-many-requests": { code: 2, message: "etcdserver: too many requests" },

  // Users and roles.
  "root-user-missing": { code: 9, message: "etcdserver: root user does not exist" },
  "root-role-missing": { code: 9, message: "etcdserver: root user does not have root role" },
  "user-exists": { code: 9, message: "etcdserver: user name already exists" },
  "user-empty": { code: 3, message: "etcdserver: user name is empty" },
  "user-not-found": { code: 9, message: "etcdserver: user name not found" },
  "role-exists": { code: 9, message: "etcdserver: role name already exists" },
  "role-not-found": { code: 9, message: "etcdserver: role name not found" },
  "role-empty": { code: 3, message: "etcdserver: role name is empty" },
  "authentication-failed": {
    code: 3,
    message: "etcdserver: authentication failed, invalid user ID or password",
  },
  "no-password-user": {
    code: 2,
    message: "auth: authentication failed, password was given for no password user",
  },
  "permission-not-given": { code: 3, message: "etcdserver: permission not given" },
  "permission-denied": { code: 7, message: "etcdserver: permission denied" },
  "role-not-granted": { code: 9, message: "etcdserver: role is not granted to the user" },
  "permission-not-granted": {
    code: 9,
    message: "etcdserver: permission is not granted to the role",
  },
  "auth-not-enabled": { code: 9, message: "etcdserver: authentication is not enabled" },
  "invalid-auth-token": { code: 16, message: "etcdserver: invalid auth token" },
  "invalid-auth-management": { code: 3, message: "etcdserver: invalid auth management" },
  "auth-revision-old": { code: 3, message: "etcdserver: revision of auth store is old" },
  "token-key-verify-only": {
    code: 2,
    message: "auth: token signing attempted with verify-only key",
  },
  "password-too-long": { code: 2, message: "bcrypt: password length exceeds 72 bytes" },

  // Consensus.
  "no-leader": { code: 14, message: "etcdserver: no leader" },
  "not-leader": { code: 9, message: "etcdserver: not leader" },
  "leader-changed": { code: 14, message: "etcdserver: leader changed" },
  "not-capable": { code: 9, message: "etcdserver: not capable" },
  stopped: { code: 14, message: "etcdserver: server stopped" },
  timeout: { code: 14, message: "etcdserver: request timed out" },
  "timeout-leader-failure": {
    code: 14,
    message: "etcdserver: request timed out, possibly due to previous leader failure",
  },
  "timeout-connection-lost": {
    code: 14,
    message: "etcdserver: request timed out, possibly due to connection lost",
  },
  "timeout-applied-index": {
    code: 14,
    message: "etcdserver: request timed out, waiting for the applied index took too long",
  },
  "timeout-leader-transfer": {
    code: 2,
    message: "etcdserver: request timed out, leader transfer took too long",
  },
  "proposal-dropped": { code: 2, message: "raft proposal dropped" },
  corrupt: { code: 15, message: "etcdserver: corrupt cluster" },
  "not-supported-for-learner": { code: 9, message: "etcdserver: rpc not supported for learner" },
  "bad-leader-transferee": { code: 9, message: "etcdserver: bad leader transferee" },
  "request-cancelled": { code: 1, message: "etcdserver: request canceled" },
  "caller-cancelled": { code: 1, message: "context canceled" },
  "deadline-exceeded": { code: 4, message: "context deadline exceeded" },
  "server-deadline-exceeded": { code: 4, message: "etcdserver: context deadline exceeded" },

  // Downgrade.
  "downgrade-version-format": {
    code: 3,
    message: "etcdserver: wrong downgrade target version format",
  },
  "downgrade-version-invalid": { code: 3, message: "etcdserver: invalid downgrade target version" },
  "cluster-version-unknown": {
    code: 9,
    message: "etcdserver: cluster version not found during downgrade",
  },
  "downgrade-in-progress": {
    code: 9,
    message: "etcdserver: cluster has a downgrade job in progress",
  },
  "no-downgrade": { code: 9, message: "etcdserver: no inflight downgrade job" },
  "downgrade-action-unknown": { code: 2, message: "etcdserver: unknown method" },

  // Elections and locks as services.
  "election-no-leader": { code: 2, message: "election: no leader" },
  "election-not-leader": { code: 2, message: "election: not leader" },
  "election-leader-missing": { code: 2, message: '"leader" field must be provided' },
  "lock-session-expired": { code: 2, message: "mutex: session is expired" },
  "lost-watcher": { code: 2, message: "lost watcher waiting for delete" },

  // Health service and JSON gateway.
  "health-service-unknown": { code: 5, message: "unknown service" },
  "path-not-found": { code: 5, message: "Not Found" },
  "http-method-not-allowed": { code: 12, message: "Method Not Allowed" },
} as const;

/** Looks an error up; also what makes the compiler check every row of the table. */
export function toWireError(code: WireErrorCode): WireError {
  return wireErrors[code];
}

/**
 * Finds the error with a given text, to turn what a server sent into a code.
 *
 * @returns Undefined for texts that are not in {@link wireErrors}. O(number of errors).
 */
export function toWireErrorCode(message: string): WireErrorCode | undefined {
  for (const code of Object.keys(wireErrors) as WireErrorCode[]) {
    if (wireErrors[code].message === message) return code;
  }
  return undefined;
}

/** The request has more bytes than the transport takes. */
export function messageTooLarge(sizeBytes: number, limitBytes: number): WireError {
  return {
    code: 8,
    message: `grpc: received message larger than max (${sizeBytes} vs. ${limitBytes})`,
  };
}

/** The call names a service that is not there; `service` without slashes. */
export function unknownService(service: string): WireError {
  return { code: 12, message: `unknown service ${service}` };
}

/** The call names a method that its service does not have. */
export function unknownMethod(method: string, service: string): WireError {
  return { code: 12, message: `unknown method ${method} for service ${service}` };
}

/** The request is not a well-formed message; `detail` is the message of a `DecodeError`. */
export function unmarshalFailure(detail: string): WireError {
  return { code: 13, message: `grpc: error unmarshalling request: ${detail}` };
}

/** The body of an HTTP request is not the JSON form of its message. */
export function jsonFailure(detail: string): WireError {
  return { code: 3, message: detail };
}

/**
 * The form an error takes when it passes through the election and lock services, which run on a
 * client inside the server: the text stays, the status code becomes UNKNOWN.
 */
export function throughEmbeddedClient(error: WireError): WireError {
  return { code: 2, message: error.message };
}

/**
 * Why a watcher was refused: `cancel_reason` of an answer that is `created` and `canceled` and has
 * watch id -1.
 *
 * A watcher that is cancelled later, by its client or by compaction, gets an empty reason.
 */
export const watchCancelReasons = {
  /** The start revision is negative. */
  compacted: "etcdserver: mvcc: required revision has been compacted",
  /** No permission to read the range; also for every other error of authentication. */
  "permission-denied": "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
  "invalid-auth-token": "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token",
  "auth-revision-old":
    "rpc error: code = InvalidArgument desc = etcdserver: revision of auth store is old",
  /** Authentication is on and the stream carries no identity. */
  "user-empty": "rpc error: code = InvalidArgument desc = etcdserver: user name is empty",
  /** The range end is not empty and not above the key. */
  "range-empty": "mvcc: watcher range is empty",
  /** The client chose an id that its stream already uses. */
  "duplicate-watch-id": "mvcc: duplicate watch ID provided on the WatchStream",
} as const;

/** A key of {@link watchCancelReasons}. */
export type WatchCancelReason = keyof typeof watchCancelReasons;

const httpStatuses: Readonly<Record<WireStatusCode, number>> = {
  0: 200,
  1: 499,
  2: 500,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  13: 500,
  14: 503,
  15: 500,
  16: 401,
};

/** The HTTP status with which the JSON gateway answers a gRPC status code. */
export function toHttpStatus(code: WireStatusCode): number {
  return httpStatuses[code];
}
