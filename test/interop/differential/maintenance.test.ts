import assert from "node:assert/strict";
import {
  AlarmRequestAlarmAction as Action,
  AlarmType,
  services,
  type AlarmResponse,
} from "@quorate/api";
import { op } from "./requests.ts";
import { compareStores, type Outcome, type Scenario } from "./scenario.ts";
import type { StreamReader } from "./stream-session.ts";

const scenario = compareStores();
const { alarm, defragment, status } = services.maintenance;
const { check, watch } = services.health;

async function setAlarm(
  s: Scenario,
  action: number,
  type: number,
  memberId = s.store.memberId,
): Promise<Outcome<AlarmResponse>> {
  const request = { action, alarm: type, memberId };
  const outcome = await s.quietly(async () => await s.call(alarm, request));
  const { response, ...end } = outcome;
  s.note(`Alarm ${JSON.stringify({ action, type })}`, [end, response?.alarms]);
  s.sinceThen("the answer has a header", response?.header !== undefined, {
    etcd34: false,
    etcd37: true,
  });
  return outcome;
}

scenario("Status tells version, leader, sizes and progress", async (s) => {
  await s.put("a", "1");
  const answer = s.succeeds(await s.quietly(async () => await s.call(status, {})));
  const { version, storageVersion, dbSizeQuota, dbSizeInUse, downgradeInfo, ...rest } = answer;
  s.note("Status", { ...rest, isLeader: answer.leader === answer.header?.memberId });
  s.sinceThen("version", /^3\.\d/.exec(version)?.[0], { etcd34: "3.4", etcd37: "3.7" });
  s.sinceThen("storage version came with 3.6", storageVersion, { etcd34: "", etcd37: "3.7.0" });
  s.sinceThen("quota came with 3.6", dbSizeQuota, { etcd34: 0, etcd37: 2_147_483_648 });
  s.sinceThen("downgrade came with 3.6", downgradeInfo, {
    etcd34: undefined,
    etcd37: { enabled: false, targetVersion: "" },
  });
  assert.ok(dbSizeInUse > 0 && dbSizeInUse <= answer.dbSize);
  assert.ok(answer.raftAppliedIndex > 0 && answer.raftAppliedIndex <= answer.raftIndex);
});

scenario("MemberList tells the only member, under a header without revision", async (s) => {
  for (const linearizable of [true, false]) {
    const answer = s.succeeds(
      await s.quietly(async () => await s.call(services.cluster.memberList, { linearizable })),
    );
    assert.equal(answer.header?.revision, 0);
    const [member, ...others] = answer.members;
    assert.equal(others.length, 0);
    assert.deepEqual(member?.clientUrls, [`http://${s.store.cluster.member(0).endpoint}`]);
    assert.equal(member.peerUrls.length, 1);
    s.note("MemberList", [answer.header, member.id, member.name, member.isLearner]);
  }
});

scenario("Defragment answers without a header and keeps everything", async (s) => {
  await s.put("a", "1");
  const { header } = s.succeeds(await s.call(defragment, {}));
  assert.equal(header, undefined);
  await s.all();
  await s.put("a", "2", { prevKv: true });
});

scenario("HashKV changes with what is written and not with what is read", async (s) => {
  const hash = async (): Promise<number> =>
    s.succeeds(await s.quietly(async () => await s.call(services.maintenance.hashKv, {}))).hash;
  const first = await hash();
  await s.range("a");
  assert.equal(await hash(), first);
  await s.put("a", "1");
  assert.notEqual(await hash(), first);
});

scenario("Alarm: activate, list, activate again, deactivate", async (s) => {
  await setAlarm(s, Action.GET, AlarmType.NONE);
  await s.only37("etcd 3.4 keeps an alarm of no type", async () => {
    assert.deepEqual(s.succeeds(await setAlarm(s, Action.ACTIVATE, AlarmType.NONE)).alarms, []);
  });
  await setAlarm(s, Action.ACTIVATE, AlarmType.NOSPACE);
  await setAlarm(s, Action.ACTIVATE, AlarmType.NOSPACE);
  for (const type of [AlarmType.NONE, AlarmType.NOSPACE, AlarmType.CORRUPT]) {
    await setAlarm(s, Action.GET, type);
    await setAlarm(s, Action.GET, type, 4_242n);
  }
  await setAlarm(s, Action.DEACTIVATE, AlarmType.NOSPACE, 4_242n);
  await setAlarm(s, Action.DEACTIVATE, AlarmType.CORRUPT);
  await setAlarm(s, Action.DEACTIVATE, AlarmType.NOSPACE);
  await setAlarm(s, Action.DEACTIVATE, AlarmType.NOSPACE);
  const { alarms } = s.succeeds(await setAlarm(s, Action.GET, AlarmType.NONE));
  assert.deepEqual(alarms, []);
});

scenario("NOSPACE alarm: what writes is refused, what frees space is not", async (s) => {
  await s.put("a", "1");
  await s.put("b", "1");
  const lease = await s.grant(600);
  await setAlarm(s, Action.ACTIVATE, AlarmType.NOSPACE);
  try {
    s.fails(await s.put("a", "2"), "no-space");
    s.fails(await s.put("", "2"), "no-space");
    s.fails(await s.call(services.lease.leaseGrant, { ttl: 60 }), "no-space");
    s.fails(await s.txn({ success: [op.put(s.key("a"), "2")] }), "no-space");
    s.fails(await s.txn({ failure: [op.put(s.key("a"), "2")] }), "no-space");
    await s.only37("etcd 3.4 does not look into nested transactions", async () => {
      const nested = op.txn({ failure: [op.put(s.key("a"), "2")] });
      s.fails(await s.txn({ success: [nested] }), "no-space");
    });
    s.succeeds(await s.txn({ success: [op.range(s.key("a"))] }));
    s.succeeds(await s.txn({ success: [op.delete(s.key("b"))] }));
    s.succeeds(await s.delete("a"));
    s.succeeds(await s.call(services.lease.leaseRevoke, { id: lease }));
    s.succeeds(await s.call(services.kv.compact, { revision: s.at(3) }));
    s.succeeds(await s.call(defragment, {}));
    const { errors } = s.succeeds(await s.quietly(async () => await s.call(status, {})));
    const texts = errors.map((text) =>
      text.replaceAll(/ +/g, " ").replace(/memberID:\d+/, "memberID:own"),
    );
    s.note("errors of Status", texts);
  } finally {
    await setAlarm(s, Action.DEACTIVATE, AlarmType.NOSPACE);
  }
  s.succeeds(await s.put("a", "2"));
});

scenario("CORRUPT alarm: writes fail, reads go on", async (s) => {
  await s.put("a", "1");
  const lease = await s.grant(600);
  await setAlarm(s, Action.ACTIVATE, AlarmType.CORRUPT);
  try {
    s.fails(await s.put("a", "2"), "corrupt");
    s.fails(await s.delete("a"), "corrupt");
    s.fails(await s.txn({ success: [op.put(s.key("a"), "2")] }), "corrupt");
    s.fails(await s.call(services.kv.compact, { revision: s.at(1) }), "corrupt");
    s.fails(await s.call(services.lease.leaseGrant, { ttl: 60 }), "corrupt");
    s.fails(await s.call(services.lease.leaseRevoke, { id: lease }), "corrupt");
    s.succeeds(await s.range("a"));
    s.succeeds(await s.txn({ success: [op.range(s.key("a"))] }));
  } finally {
    await setAlarm(s, Action.DEACTIVATE, AlarmType.CORRUPT);
  }
  s.succeeds(await s.put("a", "3"));
});

scenario("Health: the store as a whole serves, other services are unknown", async (s) => {
  await s.call(check, {});
  const { code, message } = await s.call(check, { service: "etcdserverpb.KV" });
  assert.deepEqual({ code, message }, { code: 5, message: "unknown service" });
});

scenario("Health watch tells the state at once and stays open", async (s) => {
  for (const service of ["", "other"]) {
    const reader: StreamReader = s.serverStream(watch, watch.encodeRequest({ service }));
    s.note(`Health.Watch "${service}"`, watch.decodeResponse((await reader.next()) ?? Buffer.of()));
    assert.equal(reader.unread.length, 0);
    reader.cancel();
  }
});

scenario("Health list names the store as a whole", async (s) => {
  await s.call(check, {});
  await s.only37("Health.List came with later releases", async () => {
    const { statuses } = s.succeeds(await s.call(services.health.list, {}));
    assert.deepEqual([...statuses.keys()], [""]);
    assert.equal(statuses.get("")?.status, 1);
  });
});
