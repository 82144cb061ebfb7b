/**
 * The table of wire errors, row by row: how to get each error from a store, or why the scenarios
 * here cannot. A new row does not compile until it is dealt with.
 */
import { AlarmRequestAlarmAction as Action, AlarmType, services } from "@quorate/api";
import type { WireErrorCode } from "@quorate/api";
import { compare, op, range } from "./requests.ts";
import { compareStores, type Outcome, type Scenario } from "./scenario.ts";

const scenario = compareStores();
const { kv, lease, maintenance, health } = services;

/** Provokes the error once, or several times in different ways. */
type Provocation = (s: Scenario) => Promise<readonly Outcome<unknown>[]>;

/** Where an error belongs that is not provoked here. */
type Elsewhere =
  | "users, roles and tokens"
  | "changes of membership"
  | "a cluster without a leader"
  | "a faulty or overloaded member"
  | "the end of a cancelled stream"
  | "only since 3.7"
  | "elections and locks as services"
  | "requests over HTTP"
  | "never sent";

async function withAlarm(
  s: Scenario,
  type: number,
  action: () => Promise<Outcome<unknown>>,
): Promise<Outcome<unknown>> {
  const request = { alarm: type, memberId: s.store.memberId };
  const set = async (value: number): Promise<void> => {
    await s.quietly(async () => await s.call(maintenance.alarm, { ...request, action: value }));
  };
  await set(Action.ACTIVATE);
  try {
    return await action();
  } finally {
    await set(Action.DEACTIVATE);
  }
}

const rows: Readonly<Record<WireErrorCode, Provocation | Elsewhere>> = {
  "key-empty": async (s) => [
    await s.call(kv.range, {}),
    await s.call(kv.put, {}),
    await s.call(kv.deleteRange, {}),
    await s.txn({ compare: [compare.value("", "=", "")] }),
  ],
  "key-not-found": async (s) => [
    await s.put("a", "", { ignoreValue: true }),
    await s.put("a", "1", { ignoreLease: true }),
    await s.txn({ success: [{}] }),
  ],
  "value-provided": async (s) => [await s.put("a", "1", { ignoreValue: true })],
  "lease-provided": async (s) => [await s.put("a", "1", { ignoreLease: true, lease: 1n })],
  "too-many-operations": async (s) => [
    await s.txn({ success: Array.from({ length: 129 }, () => op.range(s.key("a"))) }),
  ],
  "duplicate-key": async (s) => [
    await s.txn({ success: [op.put(s.key("a")), op.put(s.key("a"))] }),
  ],
  "invalid-client-api-version": "only since 3.7",
  "invalid-sort-option": "only since 3.7",
  compacted: async (s) => {
    await s.put("a", "1");
    await s.put("a", "2");
    const compact = async (): Promise<Outcome<unknown>> =>
      await s.call(kv.compact, { revision: s.at(2) });
    await compact();
    return [
      await compact(),
      await s.range("a", { revision: s.at(1) }),
      await s.txn({ success: [op.range(s.key("a"), { revision: s.at(1) })] }),
      await s.call(maintenance.hashKv, { revision: s.at(1) }),
    ];
  },
  "future-revision": async (s) => [
    await s.range("a", { revision: s.at(10) }),
    await s.txn({ success: [op.range(s.key("a"), { revision: s.at(10) })] }),
    await s.call(kv.compact, { revision: s.at(10) }),
    await s.call(maintenance.hashKv, { revision: s.at(10) }),
  ],
  "no-space": async (s) => [
    await withAlarm(s, AlarmType.NOSPACE, async () => await s.put("a", "1")),
    await withAlarm(s, AlarmType.NOSPACE, async () => await s.call(lease.leaseGrant, { ttl: 60 })),
  ],
  "range-stream-sort": "only since 3.7",
  "range-stream-filter": "only since 3.7",
  "lease-not-found": async (s) => [
    await s.call(lease.leaseRevoke, { id: 4_242n }),
    await s.put("a", "1", { lease: 4_242n }),
    await s.txn({ success: [op.put(s.key("a"), "1", { lease: 4_242n })] }),
  ],
  "lease-exists": async (s) => {
    await s.grant(600, 8_600_001n);
    return [await s.call(lease.leaseGrant, { ttl: 60, id: 8_600_001n })];
  },
  "lease-ttl-too-large": async (s) => [
    await s.call(lease.leaseGrant, { ttl: 9_000_000_001, id: 8_600_002n }),
  ],
  "not-primary-lessor": "a faulty or overloaded member",
  "watch-cancelled": "the end of a cancelled stream",
  "member-exists": "changes of membership",
  "peer-url-exists": "changes of membership",
  "not-enough-started-members": "changes of membership",
  "invalid-member-urls": "changes of membership",
  "member-not-found": "changes of membership",
  "member-not-learner": "changes of membership",
  "learner-not-ready": "changes of membership",
  "too-many-learners": "changes of membership",
  "cluster-id-mismatch": "never sent",
  "unhealthy-cluster": "changes of membership",
  "request-too-large": async (s) => [
    await s.put("a", "v".repeat(1_572_865)),
    await s.delete("k".repeat(1_572_865)),
    await s.txn({ success: [op.put(s.key("a"), "v".repeat(1_572_865))] }),
  ],
  "too-many-requests": "a faulty or overloaded member",
  "root-user-missing": "users, roles and tokens",
  "root-role-missing": "users, roles and tokens",
  "user-exists": "users, roles and tokens",
  "user-empty": "users, roles and tokens",
  "user-not-found": "users, roles and tokens",
  "role-exists": "users, roles and tokens",
  "role-not-found": "users, roles and tokens",
  "role-empty": "users, roles and tokens",
  "authentication-failed": "users, roles and tokens",
  "no-password-user": "users, roles and tokens",
  "permission-not-given": "users, roles and tokens",
  "permission-denied": "users, roles and tokens",
  "role-not-granted": "users, roles and tokens",
  "permission-not-granted": "users, roles and tokens",
  "auth-not-enabled": "users, roles and tokens",
  "invalid-auth-token": "users, roles and tokens",
  "invalid-auth-management": "users, roles and tokens",
  "auth-revision-old": "users, roles and tokens",
  "token-key-verify-only": "users, roles and tokens",
  "password-too-long": "users, roles and tokens",
  "no-leader": "a cluster without a leader",
  "not-leader": "changes of membership",
  "leader-changed": "a cluster without a leader",
  "not-capable": "never sent",
  stopped: "a faulty or overloaded member",
  timeout: "a cluster without a leader",
  "timeout-leader-failure": "a cluster without a leader",
  "timeout-connection-lost": "a cluster without a leader",
  "timeout-applied-index": "a faulty or overloaded member",
  "timeout-leader-transfer": "a faulty or overloaded member",
  "proposal-dropped": "a faulty or overloaded member",
  corrupt: async (s) => [
    await withAlarm(s, AlarmType.CORRUPT, async () => await s.put("a", "1")),
    await withAlarm(s, AlarmType.CORRUPT, async () => await s.delete("a")),
    await withAlarm(
      s,
      AlarmType.CORRUPT,
      async () => await s.call(lease.leaseRevoke, { id: 4_242n }),
    ),
  ],
  "not-supported-for-learner": "changes of membership",
  "bad-leader-transferee": "changes of membership",
  "request-cancelled": "a faulty or overloaded member",
  "caller-cancelled": "a faulty or overloaded member",
  "deadline-exceeded": "a cluster without a leader",
  "server-deadline-exceeded": "never sent",
  "downgrade-version-format": "only since 3.7",
  "downgrade-version-invalid": "only since 3.7",
  "cluster-version-unknown": "never sent",
  "downgrade-in-progress": "only since 3.7",
  "no-downgrade": "never sent",
  "downgrade-action-unknown": "only since 3.7",
  "election-no-leader": "elections and locks as services",
  "election-not-leader": "elections and locks as services",
  "election-leader-missing": "elections and locks as services",
  "lock-session-expired": "elections and locks as services",
  "lost-watcher": "elections and locks as services",
  "health-service-unknown": async (s) => [await s.call(health.check, { service: "other" })],
  "path-not-found": "requests over HTTP",
  "http-method-not-allowed": "requests over HTTP",
};

for (const [code, row] of Object.entries(rows)) {
  if (typeof row === "string") continue;
  scenario(`Error ${code}`, async (s) => {
    await s.call(kv.range, range(s.key("a")));
    for (const outcome of await row(s)) s.fails(outcome, toCode(code));
  });
}

/** Object.entries forgets that the keys of the table are codes. */
function toCode(code: string): WireErrorCode {
  if (!(code in rows)) throw new Error(`Cannot find the error "${code}" in the table`);
  return code as WireErrorCode;
}
