import type { MemberHealth } from "./member-health.ts";

/** The named checks behind `/livez` and `/readyz`. */
export type CheckName =
  "data_corruption" | "linearizable_read" | "non_learner" | "serializable_read";

/** A check's result; `failure` is undefined when it passed. */
export interface CheckResult {
  readonly name: CheckName;
  readonly failure: string | undefined;
}

/** Liveness must not need a quorum: restarting a member does not bring one back. */
export const livenessChecks: readonly CheckName[] = ["serializable_read"];

/** Readiness is everything that clients count on. */
export const readinessChecks: readonly CheckName[] = [
  "data_corruption",
  "serializable_read",
  "linearizable_read",
  "non_learner",
];

/** Runs checks side by side; never rejects, and none takes longer than the time-out. */
export function runChecks(
  health: MemberHealth,
  names: readonly CheckName[],
  timeoutMillis: number,
): Promise<readonly CheckResult[]> {
  return Promise.all(
    names.map(async (name) => ({ name, failure: await failureOf(health, name, timeoutMillis) })),
  );
}

/** What `/health` answers: `reason` is empty when all is well. */
export interface HealthVerdict {
  readonly health: "true" | "false";
  readonly reason: string;
}

/**
 * The check of `/health`: alarms, then a leader, then a read.
 *
 * @param query - `excluded` names alarms that do not count; `serializable` asks about this member
 *   alone.
 */
export async function overallHealth(
  health: MemberHealth,
  query: { readonly excluded: ReadonlySet<string>; readonly isSerializable: boolean },
  timeoutMillis: number,
): Promise<HealthVerdict> {
  const alarm = health.alarms().find((each) => !query.excluded.has(each));
  if (alarm !== undefined) return unhealthy(`ALARM ${alarm}`);
  if (!query.isSerializable && !health.hasLeader()) return unhealthy("RAFT NO LEADER");
  const failure = await readFailure(health, query.isSerializable, timeoutMillis);
  return failure === undefined
    ? { health: "true", reason: "" }
    : unhealthy(`RANGE ERROR:${failure}`);
}

function unhealthy(reason: string): HealthVerdict {
  return { health: "false", reason };
}

async function failureOf(
  health: MemberHealth,
  name: CheckName,
  timeoutMillis: number,
): Promise<string | undefined> {
  switch (name) {
    case "data_corruption":
      return health.alarms().includes("CORRUPT") ? "alarm activated: CORRUPT" : undefined;
    case "non_learner":
      return health.isLearner() ? "not supported for learner" : undefined;
    case "serializable_read":
    case "linearizable_read": {
      const failure = await readFailure(health, name === "serializable_read", timeoutMillis);
      return failure === undefined ? undefined : `range error: ${failure}`;
    }
  }
}

async function readFailure(
  health: MemberHealth,
  isSerializable: boolean,
  timeoutMillis: number,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  // The member is asked to keep to the time-out, and not trusted to: a hung read is what this is
  // for.
  const expired = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("etcdserver: request timed out"), timeoutMillis);
  });
  const read = async (): Promise<string | undefined> => {
    try {
      if (isSerializable) await health.serializableRead(timeoutMillis);
      else await health.linearizableRead(timeoutMillis);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  try {
    return await Promise.race([read(), expired]);
  } finally {
    clearTimeout(timer);
  }
}
