/** Plain HTTP on the client port: health, version and metrics, as load balancers and people ask. */
import assert from "node:assert/strict";
import { AlarmRequestAlarmAction as Action, AlarmType, services } from "@quorate/api";
import { compareStores, type Scenario } from "../differential/scenario.ts";

const scenario = compareStores();

interface HttpAnswer {
  readonly status: number;
  readonly type: string | null;
  readonly body: string;
  readonly allow: string | null;
}

async function ask(s: Scenario, method: string, path: string): Promise<HttpAnswer> {
  const url = `http://${s.store.cluster.member(0).endpoint}${path}`;
  const response = await fetch(url, { method });
  const { status, headers } = response;
  const body = await response.text();
  return { status, type: headers.get("content-type"), body, allow: headers.get("allow") };
}

scenario("HTTP: what is not there, and methods that are not taken", async (s) => {
  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "/nothing"],
    ["POST", "/health"],
    ["PUT", "/health"],
    ["OPTIONS", "/health"],
    ["OPTIONS", "/nothing"],
  ] as const) {
    s.note(`${method} ${path}`, await ask(s, method, path));
  }
});

scenario("HTTP: /health is a string in JSON", async (s) => {
  for (const path of ["/health", "/health?serializable=true", "/health?exclude=NOSPACE"]) {
    const { body, ...rest } = await ask(s, "GET", path);
    s.note(path, rest);
    s.sinceThen("a reason came with 3.5", body, {
      etcd34: '{"health":"true"}',
      etcd37: '{"health":"true","reason":""}',
    });
  }
});

scenario("HTTP: /health names the alarm that makes a member unhealthy", async (s) => {
  const memberId = s.store.memberId;
  const request = { alarm: AlarmType.NOSPACE, memberId };
  const set = async (action: number): Promise<void> => {
    await s.quietly(async () => await s.call(services.maintenance.alarm, { ...request, action }));
  };
  await set(Action.ACTIVATE);
  try {
    const { status, body } = await ask(s, "GET", "/health");
    s.note("status", status);
    assert.equal(status, 503);
    s.sinceThen("a reason came with 3.5", JSON.parse(body), {
      etcd34: { health: "false" },
      etcd37: { health: "false", reason: "ALARM NOSPACE" },
    });
    await s.only37("alarms can be left out since 3.5", async () => {
      assert.equal((await ask(s, "GET", "/health?exclude=NOSPACE")).status, 200);
    });
  } finally {
    await set(Action.DEACTIVATE);
  }
});

scenario("HTTP: /version tells the releases of server and cluster", async (s) => {
  const { body, ...rest } = await ask(s, "GET", "/version");
  s.note("/version", rest);
  const parsed: unknown = JSON.parse(body);
  s.sinceThen("the storage came with 3.6", parsed, {
    etcd34: { etcdserver: "3.4.23", etcdcluster: "3.4.0" },
    etcd37: { etcdserver: "3.7.1", etcdcluster: "3.7.0", storage: "3.7.0" },
  });
});

scenario("HTTP: /livez and /readyz with their checks", async (s) => {
  s.note("GET /health", (await ask(s, "GET", "/health")).status);
  await s.only37("they came with 3.5", async () => {
    for (const path of ["/livez", "/readyz", "/readyz/linearizable_read", "/livez?exclude=any"]) {
      const { status, body } = await ask(s, "GET", path);
      assert.deepEqual([status, body], [200, "ok\n"], path);
    }
    const { body } = await ask(s, "GET", "/readyz?verbose");
    const lines = body.trim().split("\n");
    const checks = ["data_corruption", "linearizable_read", "non_learner", "serializable_read"];
    assert.deepEqual(
      lines.slice(0, -1).sort(),
      checks.map((check) => `[+]${check} ok`),
    );
    assert.equal(lines.at(-1), "ok");
    const refused = await ask(s, "POST", "/readyz");
    assert.deepEqual([refused.status, refused.allow], [405, "GET"]);
  });
});

scenario("HTTP: /metrics is Prometheus text with etcd's names", async (s) => {
  await s.put("a", "1");
  const { body, status, type } = await ask(s, "GET", "/metrics");
  s.note("head", [status, type]);
  // What dashboards and alert rules of etcd lean on.
  for (const name of [
    "etcd_server_has_leader",
    "etcd_server_is_leader",
    "etcd_server_leader_changes_seen_total",
    "etcd_server_proposals_committed_total",
    "etcd_server_proposals_applied_total",
    "etcd_server_proposals_pending",
    "etcd_server_proposals_failed_total",
    "etcd_mvcc_db_total_size_in_bytes",
    "etcd_disk_wal_fsync_duration_seconds_bucket",
    "etcd_disk_backend_commit_duration_seconds_bucket",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "grpc_server_handled_total",
  ]) {
    s.note(name, new RegExp(`^${name}[{ ]`, "m").test(body));
  }
});
