import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { testDataDirectory } from "@quorate/platform/testing";
import {
  checkLearnerReady,
  checkMemberChange,
  checkQuorumAfter,
  computeClusterId,
  computeMemberId,
  decodeMemberChange,
  encodeMemberChange,
  MalformedRequestError,
  MemberChangeError,
  normalizePeerUrls,
  parseInitialCluster,
  type MemberChangeContext,
  type MemberRecord,
  type RequestedMemberChange,
} from "@quorate/state-machine";
import fc from "fast-check";

test("ids of a one-member cluster are those that etcd computes", () => {
  const { clusterId, members } = parseInitialCluster(
    "default=http://localhost:2380",
    "etcd-cluster",
  );
  assert.equal(members[0]?.id.toString(16), "8e9e05c52164694d");
  assert.equal(clusterId.toString(16), "cdf818194e3a8c32");
});

test("ids do not depend on the order in which URLs and members are given", () => {
  const peerUrls = ["http://b:1", "http://a:1"];
  assert.equal(
    computeMemberId({ peerUrls, clusterToken: "t" }),
    computeMemberId({ peerUrls: peerUrls.toReversed(), clusterToken: "t" }),
  );
  assert.equal(computeClusterId([1n, 2n]), computeClusterId([2n, 1n]));
  const one = parseInitialCluster("a=http://a:1,b=http://b:1,a=http://a:2", "t");
  const other = parseInitialCluster("b=http://b:1,a=http://a:2,a=http://a:1", "t");
  assert.deepEqual(one, other);
  assert.equal(one.members.length, 2);
});

test("M3: the same URLs added later give another id each second", () => {
  const peerUrls = ["http://a:1"];
  const idAt = (unixSeconds: number): bigint =>
    computeMemberId({ peerUrls, clusterToken: "", unixSeconds });
  assert.notEqual(idAt(1), idAt(2));
  assert.notEqual(idAt(1), computeMemberId({ peerUrls, clusterToken: "" }));
});

test("parseInitialCluster refuses pairs without a name and repeated URLs", () => {
  for (const setting of ["", "=http://a:1", "http://a:1", "a=http://a:1,b=http://a:1", "a=x"]) {
    assert.throws(() => parseInitialCluster(setting, "t"), MemberChangeError, setting);
  }
});

test("normalizePeerUrls trims, sorts and keeps what etcd accepts", () => {
  assert.deepEqual(normalizePeerUrls([" https://b:2 ", "http://[::1]:1", "unix://sock"]), [
    "http://[::1]:1",
    "https://b:2",
    "unix://sock",
  ]);
});

test("normalizePeerUrls refuses what would break a peer", () => {
  const urls = [
    "http://a",
    "http://a:1/",
    "http://a:1/path",
    "ftp://a:1",
    "a:1",
    "",
    "http://a b:1",
    "http://a:1:2",
    "http://::1:80",
    "http://a:1\n",
    "http://a\u0000:1",
  ];
  for (const url of urls) {
    if (url.trim() === "http://a:1") continue;
    assert.throws(() => normalizePeerUrls([url]), { code: "invalid-member-urls" }, url);
  }
  assert.throws(() => normalizePeerUrls([]), { code: "invalid-member-urls" });
});

const anyId = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
const plain = { noNullPrototype: true };
const anyAddress = fc.record(
  { id: anyId, peerUrls: fc.array(fc.webUrl(), { maxLength: 3 }) },
  plain,
);
const anyRequestId = fc.record({ member: anyId, sequence: fc.maxSafeNat() }, plain);
const anyContext: fc.Arbitrary<MemberChangeContext> = fc.record(
  {
    requestId: fc.option(anyRequestId, { nil: undefined }),
    change: fc.oneof(
      fc.record({ kind: fc.constant("bootstrap" as const), members: fc.array(anyAddress) }, plain),
      fc.record(
        { kind: fc.constant("add" as const), member: anyAddress, isLearner: fc.boolean() },
        plain,
      ),
      fc.record({ kind: fc.constant("update" as const), member: anyAddress }, plain),
      fc.record({ kind: fc.constantFrom("remove" as const, "promote" as const), id: anyId }, plain),
    ),
  },
  plain,
);

test("decodeMemberChange gives back what encodeMemberChange was given", () => {
  fc.assert(
    fc.property(anyContext, (context) => {
      assert.deepEqual(decodeMemberChange(encodeMemberChange(context)), context);
    }),
  );
  assert.equal(decodeMemberChange(new Uint8Array(0)), undefined);
});

test("a damaged member change is refused with a typed error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
      try {
        decodeMemberChange(bytes);
      } catch (error) {
        assert.ok(error instanceof MalformedRequestError, String(error));
      }
    }),
  );
  const change = { kind: "remove", id: 1n } as const;
  const bytes = encodeMemberChange({ requestId: undefined, change });
  assert.throws(() => decodeMemberChange(bytes.subarray(0, 5)), MalformedRequestError);
});

test("M2: a learner is ready at nine tenths of the leader's match index", () => {
  checkLearnerReady(1n, 90, 100);
  assert.throws(() => checkLearnerReady(1n, 89, 100), { code: "learner-not-ready" });
});

// `members 1 2 3? 4L`: ids, with ? for not started and L for a learner. Each check line below it is
// judged against these members.
testDataDirectory(join(import.meta.dirname, "testdata/members"), () => {
  let members: readonly MemberRecord[] = [];
  let removed: readonly bigint[] = [];
  return ({ name, positional, args }) => {
    if (name === "members") {
      members = positional.map(toMember);
      removed = (args.get("removed") ?? "").split(",").filter(Boolean).map(BigInt);
      return members.map((member) => member.id).join(" ");
    }
    const view = { members, isRemoved: (id: bigint) => removed.includes(id) };
    const change = toChange(name, positional);
    try {
      checkMemberChange(view, change, { maxLearners: Number(args.get("max-learners") ?? 1) });
      const connected = args.get("connected");
      if (connected !== undefined) {
        const isTargetConnected = !positional.includes("unreachable");
        checkQuorumAfter(view, change, { connectedVoters: Number(connected), isTargetConnected });
      }
      return "ok";
    } catch (error) {
      if (!(error instanceof MemberChangeError)) throw error;
      return error.code;
    }
  };
});

function toMember(text: string): MemberRecord {
  const id = BigInt(/\d+/.exec(text)?.[0] ?? 0);
  return {
    id,
    name: text.includes("?") ? "" : `member${id}`,
    peerUrls: [`http://m${id}:1`],
    clientUrls: [],
    isLearner: text.includes("L"),
  };
}

function toChange(name: string, positional: readonly string[]): RequestedMemberChange {
  const id = BigInt(positional[0] ?? 0);
  const url = positional.find((word) => word.startsWith("http")) ?? `http://m${id}:1`;
  const member = { id, peerUrls: [url] };
  switch (name) {
    case "add":
      return { kind: "add", member, isLearner: positional.includes("learner") };
    case "update":
      return { kind: "update", member };
    case "remove":
      return { kind: "remove", id };
    default:
      return { kind: "promote", id };
  }
}
