/** Membership changes are refused and answered as etcd does it. */
import assert from "node:assert/strict";
import { services } from "@quorate/api";
import { compareStores, type Outcome, type Scenario, type UnaryMethod } from "./scenario.ts";

const scenario = compareStores();
const { memberAdd, memberList, memberPromote, memberRemove, memberUpdate } = services.cluster;

/**
 * Asks for a change of the members, and has a write follow it: etcd forgets a change, and never
 * answers, that comes before its consensus has noted that the one before was applied.
 */
async function change<Request, RequestInit, Response, ResponseInit>(
  s: Scenario,
  method: UnaryMethod<Request, RequestInit, Response, ResponseInit>,
  request: RequestInit,
): Promise<Outcome<Response>> {
  const outcome = await s.call(method, request);
  await s.quietly(async () => s.succeeds(await s.put("between", "changes")));
  return outcome;
}

/** Ids and URLs differ between the stores, so answers that hold them are looked at here. */
async function own(s: Scenario): Promise<{ readonly id: bigint; readonly peerUrls: string[] }> {
  const { members } = s.succeeds(await s.quietly(async () => await s.call(memberList, {})));
  const [member] = members;
  assert.ok(member);
  return { id: member.id, peerUrls: [...member.peerUrls] };
}

scenario("Members: URLs that cannot be used", async (s) => {
  for (const url of ["", "http://10.0.0.1", "http://10.0.0.1:2380/path", "ftp://10.0.0.1:2380"]) {
    s.fails(await change(s, memberAdd, { peerUrls: [url] }), "invalid-member-urls");
  }
  s.fails(await change(s, memberAdd, { peerUrls: [] }), "invalid-member-urls");
  const { peerUrls } = await own(s);
  s.fails(
    await s.quietly(async () => await change(s, memberAdd, { peerUrls, isLearner: true })),
    "peer-url-exists",
  );
});

scenario("Members: ids that nobody has", async (s) => {
  const id = 4_242n;
  s.fails(await change(s, memberRemove, { id }), "member-not-found");
  s.fails(await change(s, memberPromote, { id }), "member-not-found");
  const peerUrls = ["http://10.0.0.9:2380"];
  s.fails(await change(s, memberUpdate, { id, peerUrls }), "member-not-found");
});

scenario("Members: the last voter stays", async (s) => {
  const { id } = await own(s);
  const remove = await s.quietly(async () => await change(s, memberRemove, { id }));
  s.fails(remove, "not-enough-started-members");
  s.fails(
    await s.quietly(async () => await change(s, memberPromote, { id })),
    "member-not-learner",
  );
  s.succeeds(await s.put("a", "1"));
});

scenario("Members: a learner comes, waits and goes", async (s) => {
  const peerUrls = ["http://127.0.0.1:9", "http://127.0.0.1:7"];
  const other = ["http://127.0.0.1:8"];
  const { id } = await own(s);
  await s.quietly(async () => {
    const added = s.succeeds(await change(s, memberAdd, { peerUrls, isLearner: true }));
    assert.equal(added.header?.revision, 0);
    assert.ok(added.member);
    const learner = added.member.id;
    assert.deepEqual(added.member.peerUrls, peerUrls.toSorted());
    assert.equal(added.member.isLearner, true);
    assert.equal(added.member.name, "");
    assert.equal(added.members.length, 2);
    s.fails(await change(s, memberAdd, { peerUrls: other, isLearner: true }), "too-many-learners");
    s.fails(await change(s, memberPromote, { id: learner }), "learner-not-ready");
    const taken = ["http://127.0.0.1:7"];
    s.fails(await change(s, memberUpdate, { id, peerUrls: taken }), "peer-url-exists");
    const updated = s.succeeds(await change(s, memberUpdate, { id: learner, peerUrls: other }));
    assert.deepEqual(updated.members.find((each) => each.id === learner)?.peerUrls, other);
    const removed = s.succeeds(await change(s, memberRemove, { id: learner }));
    assert.deepEqual(
      removed.members.map((member) => member.id),
      [id],
    );
    s.fails(await change(s, memberRemove, { id: learner }), "member-not-found");
    s.fails(await change(s, memberPromote, { id: learner }), "member-not-found");
  });
  s.succeeds(await s.put("a", "1"));
});
