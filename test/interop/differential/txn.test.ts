import assert from "node:assert/strict";
import { CompareCompareResult, CompareCompareTarget, services } from "@quorate/api";
import { allOperators, bytes, compare, op } from "./requests.ts";
import { compareStores, type Scenario } from "./scenario.ts";

const scenario = compareStores();

scenario("Txn without compares succeeds, also without operations", async (s) => {
  const { succeeded, header } = s.succeeds(await s.txn({}));
  assert.deepEqual(
    { succeeded, revision: header?.revision },
    { succeeded: true, revision: s.at(0) },
  );
  await s.txn({ failure: [op.put(s.key("a"))] });
  await s.txn({ success: [op.range(s.key("a"))] });
});

scenario("Txn compares revisions, version, value and lease with every operator", async (s) => {
  const lease = await s.grant(600, 7_900_001n);
  await s.put("a", "m");
  await s.put("a", "m", { lease });
  const key = s.key("a");
  for (const operator of allOperators) {
    for (const step of [-1, 0, 1]) {
      for (const [field, value] of [
        ["version", 2],
        ["createRevision", s.at(1)],
        ["modRevision", s.at(2)],
      ] as const) {
        await s.txn({ compare: [compare.number(field, key, operator, value + step)] });
      }
      await s.txn({ compare: [compare.lease(key, operator, lease + BigInt(step))] });
    }
    for (const value of ["l", "m", "mm", ""]) {
      await s.txn({ compare: [compare.value(key, operator, value)] });
    }
  }
  // Leases and versions are signed.
  await s.txn({ compare: [compare.lease(key, ">", -9_223_372_036_854_775_808n)] });
  await s.txn({ compare: [compare.number("version", key, ">", -1)] });
});

scenario("Txn compares a missing key as zeros, but its value with nothing at all", async (s) => {
  const key = s.key("none");
  for (const operator of allOperators) {
    for (const value of [-1, 0, 1]) {
      await s.txn({ compare: [compare.number("version", key, operator, value)] });
      await s.txn({ compare: [compare.number("createRevision", key, operator, value)] });
      await s.txn({ compare: [compare.number("modRevision", key, operator, value)] });
      await s.txn({ compare: [compare.lease(key, operator, BigInt(value))] });
    }
    for (const value of ["", "x"]) {
      const { succeeded } = s.succeeds(
        await s.txn({ compare: [compare.value(key, operator, value)] }),
      );
      assert.equal(succeeded, false);
    }
  }
});

scenario("Txn compare over a range asks every key of it", async (s) => {
  await s.put("a", "5");
  await s.put("b", "6");
  await s.put("b", "6");
  const [from, end] = [s.key("a"), s.key("c")];
  for (const [operator, value] of [
    [">", "4"],
    [">", "5"],
    ["!=", "5"],
    ["=", "5"],
  ] as const) {
    await s.txn({ compare: [compare.value(from, operator, value, end)] });
  }
  await s.txn({ compare: [compare.number("version", from, ">", 0, end)] });
  await s.txn({ compare: [compare.number("version", from, "<", 2, end)] });
  await s.txn({ compare: [compare.number("createRevision", from, ">", s.at(0), s.endOf(""))] });
  // No key in the range: as a missing key. Inverted: no key.
  await s.txn({ compare: [compare.number("version", s.key("x"), "=", 0, s.key("z"))] });
  await s.txn({ compare: [compare.value(s.key("x"), "!=", "1", s.key("z"))] });
  await s.txn({ compare: [compare.number("modRevision", s.key("z"), "=", 0, s.key("a"))] });
  await s.txn({ compare: [compare.number("modRevision", from, ">", 0, "\0")] });
});

scenario("Txn compare whose value is of another field compares with zero", async (s) => {
  await s.put("a", "");
  const key = bytes(s.key("a"));
  for (const target of [0, 1, 2, 3, 4]) {
    for (const result of [0, 1, 2, 3]) {
      await s.txn({ compare: [{ key, target, result }] });
    }
  }
  const other = { case: "value", value: bytes("1") } as const;
  const { EQUAL } = CompareCompareResult;
  const { VERSION, VALUE } = CompareCompareTarget;
  await s.txn({ compare: [{ key, target: VERSION, result: EQUAL, targetUnion: other }] });
  const version = { case: "version", value: 7 } as const;
  await s.txn({ compare: [{ key, target: VALUE, result: EQUAL, targetUnion: version }] });
});

scenario("Txn compare with unknown target or operator", async (s) => {
  await s.put("a", "1");
  const key = bytes(s.key("a"));
  for (const [target, result] of [
    [9, 0],
    [0, 9],
    [9, 9],
    [3, -1],
  ] as const) {
    await s.txn({ compare: [{ key, target, result }] });
    await s.txn({ compare: [{ key: bytes(s.key("none")), target, result }] });
  }
});

scenario("Txn takes the success branch only if all compares hold", async (s) => {
  await s.put("a", "1");
  const holds = compare.value(s.key("a"), "=", "1");
  const fails = compare.value(s.key("a"), "=", "2");
  const branches = {
    success: [op.put(s.key("branch"), "success"), op.range(s.key("a"))],
    failure: [op.put(s.key("branch"), "failure")],
  };
  for (const compares of [[holds], [holds, fails], [fails, holds], [holds, holds], [fails]]) {
    await s.txn({ compare: compares, ...branches });
    await s.range("branch");
  }
});

scenario("Txn answers one response for each operation, with revisions of their own", async (s) => {
  await s.put("a", "1");
  await s.put("b", "2");
  const { header, responses } = s.succeeds(
    await s.txn({
      success: [
        op.range(s.key("a")),
        op.delete(s.key("nothing")),
        op.put(s.key("a"), "3", { prevKv: true }),
        op.range(s.key("a"), { end: s.key("z") }),
        op.delete(s.key("b"), { prevKv: true }),
        op.delete(s.key("nothing")),
        op.range(s.key("b")),
      ],
    }),
  );
  assert.equal(header?.revision, s.at(3));
  assert.equal(responses.length, 7);
  await s.all();
});

scenario("Txn that writes nothing leaves the revision alone", async (s) => {
  await s.put("a", "1");
  await s.txn({ success: [op.delete(s.key("nothing"))] });
  await s.txn({
    compare: [compare.value(s.key("a"), "=", "x")],
    success: [op.put(s.key("a"), "2")],
    failure: [op.range(s.key("a"))],
  });
  await s.txn({
    compare: [compare.value(s.key("a"), "=", "x")],
    success: [op.put(s.key("a"), "2")],
  });
  const { header } = s.succeeds(await s.all());
  assert.equal(header?.revision, s.at(1));
});

scenario("Txn writes many keys in one revision; a put key again only outside it", async (s) => {
  const keys = Array.from({ length: 128 }, (_, index) => `k${String(index).padStart(3, "0")}`);
  s.succeeds(await s.txn({ success: keys.map((key) => op.put(s.key(key), key)) }));
  const { kvs } = s.succeeds(await s.all());
  assert.ok(kvs.every(({ modRevision }) => modRevision === s.at(1)));
});

scenario("Txn allows 128 operations in the longest list", async (s) => {
  const puts = (count: number): ReturnType<typeof op.put>[] =>
    Array.from({ length: count }, (_, index) => op.put(s.key(`k${index}`)));
  const compares = (count: number): ReturnType<typeof compare.value>[] =>
    Array.from({ length: count }, () => compare.value(s.key("a"), "=", ""));
  s.fails(await s.txn({ success: puts(129) }), "too-many-operations");
  s.fails(await s.txn({ failure: puts(129) }), "too-many-operations");
  s.fails(await s.txn({ compare: compares(129) }), "too-many-operations");
  s.succeeds(await s.txn({ compare: compares(128), success: puts(128), failure: puts(128) }));
  // A nested transaction has what its parent leaves over; its siblings have the same.
  const nested = (inner: number): ReturnType<typeof op.txn> =>
    op.txn({ success: Array.from({ length: inner }, () => op.range(s.key("a"))) });
  await s.txn({ success: [nested(127)] });
  s.fails(await s.txn({ success: [nested(128)] }), "too-many-operations");
  await s.txn({ success: [nested(126), nested(126)] });
  s.fails(await s.txn({ success: [nested(126), nested(127)] }), "too-many-operations");
  s.fails(await s.txn({ compare: compares(100), success: [nested(29)] }), "too-many-operations");
});

scenario("Txn refuses an empty key anywhere, in either branch", async (s) => {
  const bad = [
    { compare: [compare.value("", "=", "")] },
    { success: [op.put("", "1")] },
    { failure: [op.put("", "1")] },
    { success: [op.range("")] },
    { failure: [op.delete("")] },
    { success: [op.txn({ failure: [op.delete("")] })] },
    { success: [op.txn({ compare: [compare.lease("", "=", 0n)] })] },
  ];
  for (const request of bad) s.fails(await s.txn(request), "key-empty");
});

scenario("Txn refuses an operation that is none", async (s) => {
  s.fails(await s.txn({ success: [{}] }), "key-not-found");
  s.fails(await s.txn({ failure: [{}] }), "key-not-found");
  s.fails(await s.txn({ success: [op.txn({ success: [{}] })] }), "key-not-found");
});

scenario("Txn checks the arguments of puts in both branches before it runs", async (s) => {
  await s.put("a", "1");
  const holds = [compare.value(s.key("a"), "=", "1")];
  const value = op.put(s.key("a"), "2", { ignoreValue: true });
  const lease = op.put(s.key("a"), "2", { ignoreLease: true, lease: 5n });
  s.fails(await s.txn({ compare: holds, success: [value] }), "value-provided");
  s.fails(await s.txn({ compare: holds, failure: [value] }), "value-provided");
  s.fails(await s.txn({ compare: holds, success: [lease] }), "lease-provided");
  s.fails(
    await s.txn({ compare: holds, failure: [op.txn({ failure: [lease] })] }),
    "lease-provided",
  );
});

scenario("Txn with an unknown lease fails as a whole, but only in the branch taken", async (s) => {
  await s.put("a", "1");
  const unknown = [op.put(s.key("b"), "1"), op.put(s.key("c"), "1", { lease: 4_040_405n })];
  s.fails(await s.txn({ success: unknown }), "lease-not-found");
  s.succeeds(await s.txn({ failure: unknown, success: [op.range(s.key("a"))] }));
  s.fails(await s.txn({ success: [op.txn({ success: unknown })] }), "lease-not-found");
  s.succeeds(await s.txn({ success: [op.txn({ failure: unknown })] }));
  assert.equal(s.succeeds(await s.all()).count, 1);
});

scenario("Txn with ignore flags needs the key before the transaction", async (s) => {
  await s.put("there", "1");
  const keep = (key: string): ReturnType<typeof op.put> =>
    op.put(s.key(key), "", { ignoreValue: true });
  s.fails(await s.txn({ success: [keep("new")] }), "key-not-found");
  s.fails(
    await s.txn({
      success: [op.put(s.key("x"), "1"), op.put(s.key("y"), "", { ignoreLease: true })],
    }),
    "key-not-found",
  );
  s.succeeds(await s.txn({ success: [keep("there")] }));
  s.succeeds(await s.txn({ failure: [keep("new")] }));
  // The nested put is validated against the state before, not against the put of its parent.
  await s.txn({ success: [op.txn({ success: [op.put(s.key("n1"), "1")] }), keep("n1")] });
  await s.all();
});

const overlaps: ReadonlyArray<
  readonly [
    title: string,
    request: (s: Scenario) => Parameters<Scenario["txn"]>[0],
    isDuplicate: boolean,
  ]
> = [
  ["put and put of one key", (s) => ({ success: [op.put(s.key("a")), op.put(s.key("a"))] }), true],
  [
    "also in the failure branch",
    (s) => ({ failure: [op.put(s.key("a")), op.put(s.key("a"))] }),
    true,
  ],
  [
    "not one in each branch",
    (s) => ({ success: [op.put(s.key("a"))], failure: [op.put(s.key("a"))] }),
    false,
  ],
  ["put and delete", (s) => ({ success: [op.put(s.key("a")), op.delete(s.key("a"))] }), true],
  ["delete and put", (s) => ({ success: [op.delete(s.key("a")), op.put(s.key("a"))] }), true],
  [
    "put inside a deleted range",
    (s) => ({ success: [op.put(s.key("b")), op.delete(s.key("a"), { end: s.key("c") })] }),
    true,
  ],
  [
    "put at the end of a deleted range",
    (s) => ({ success: [op.delete(s.key("a"), { end: s.key("c") }), op.put(s.key("c"))] }),
    false,
  ],
  [
    "a range end of 0x00 is not seen",
    (s) => ({ success: [op.delete(s.key("a"), { end: "\0" }), op.put(s.key("b"), "kept")] }),
    false,
  ],
  [
    "delete and delete",
    (s) => ({ success: [op.delete(s.key("a")), op.delete(s.key("a"), { end: s.key("c") })] }),
    false,
  ],
  [
    "range and put",
    (s) => ({ success: [op.range(s.key("a")), op.put(s.key("a")), op.range(s.key("a"))] }),
    false,
  ],
  [
    "put beside a nested put",
    (s) => ({ success: [op.put(s.key("a")), op.txn({ success: [op.put(s.key("a"))] })] }),
    true,
  ],
  [
    "put beside a nested put of the failure branch",
    (s) => ({ success: [op.put(s.key("a")), op.txn({ failure: [op.put(s.key("a"))] })] }),
    true,
  ],
  [
    "both branches of one nested transaction",
    (s) => ({
      success: [op.txn({ success: [op.put(s.key("a"))], failure: [op.put(s.key("a"))] })],
    }),
    false,
  ],
  [
    "puts of two siblings",
    (s) => ({
      success: [
        op.txn({ success: [op.put(s.key("a"))] }),
        op.txn({ success: [op.put(s.key("a"))] }),
      ],
    }),
    true,
  ],
  [
    "delete of an earlier sibling, put of a later",
    (s) => ({
      success: [
        op.txn({ success: [op.delete(s.key("a"))] }),
        op.txn({ success: [op.put(s.key("a"))] }),
      ],
    }),
    true,
  ],
  [
    "put of an earlier sibling, delete of a later, is not seen",
    (s) => ({
      success: [
        op.txn({ success: [op.put(s.key("a"))] }),
        op.txn({ success: [op.delete(s.key("a"))] }),
      ],
    }),
    false,
  ],
  [
    "delete of the parent, put of a nested one before it",
    (s) => ({
      success: [op.txn({ success: [op.put(s.key("a"))] }), op.delete(s.key("a"))],
    }),
    true,
  ],
  [
    "nested delete, put of the parent",
    (s) => ({
      success: [
        op.txn({ failure: [op.delete(s.key("a"), { end: s.key("c") })] }),
        op.put(s.key("b")),
      ],
    }),
    true,
  ],
  [
    "two levels down",
    (s) => ({
      success: [
        op.txn({ success: [op.txn({ success: [op.put(s.key("a"))] })] }),
        op.put(s.key("a")),
      ],
    }),
    true,
  ],
];
for (const [title, request, isDuplicate] of overlaps) {
  scenario(`Txn overlap: ${title} is ${isDuplicate ? "refused" : "allowed"}`, async (s) => {
    await s.put("a", "1");
    await s.put("b", "2");
    const outcome = await s.txn(request(s));
    if (isDuplicate) s.fails(outcome, "duplicate-key");
    else s.succeeds(outcome);
    await s.all();
  });
}

scenario("Txn evaluates nested compares against the state before the transaction", async (s) => {
  await s.put("a", "old");
  await s.txn({
    success: [
      op.put(s.key("a"), "new"),
      op.txn({
        compare: [compare.value(s.key("a"), "=", "old")],
        success: [op.put(s.key("seen"), "old")],
        failure: [op.put(s.key("seen"), "new")],
      }),
      op.range(s.key("a")),
    ],
  });
  const { kvs } = s.succeeds(await s.range("seen"));
  assert.equal(Buffer.from(kvs[0]?.value ?? []).toString(), "old");
});

scenario("Txn nested three deep answers nested responses with empty headers", async (s) => {
  await s.put("a", "1");
  const { responses } = s.succeeds(
    await s.txn({
      compare: [compare.value(s.key("a"), "=", "1")],
      success: [
        op.range(s.key("a")),
        op.txn({
          compare: [compare.value(s.key("a"), "=", "2")],
          failure: [
            op.put(s.key("b"), "2"),
            op.txn({
              success: [op.put(s.key("c"), "3"), op.range(s.key(""), { end: s.endOf("") })],
            }),
            op.range(s.key("b")),
          ],
        }),
        op.delete(s.key("a")),
      ],
    }),
  );
  assert.deepEqual(
    responses.map(({ response }) => response?.case),
    ["responseRange", "responseTxn", "responseDeleteRange"],
  );
  await s.all();
});

scenario("Txn ranges see earlier writes; a stated revision is one before the txn", async (s) => {
  await s.put("a", "1");
  await s.txn({
    success: [
      op.put(s.key("a"), "2"),
      op.range(s.key("a")),
      op.range(s.key("a"), { revision: s.at(1) }),
      op.delete(s.key("a")).request === undefined ? op.range(s.key("a")) : op.range(s.key("b")),
    ],
  });
  // The revision which the transaction itself makes is still in the future.
  s.fails(
    await s.txn({
      success: [op.put(s.key("a"), "3"), op.range(s.key("a"), { revision: s.at(3) })],
    }),
    "future-revision",
  );
  s.fails(
    await s.txn({ success: [op.range(s.key("a"), { revision: s.at(3) })] }),
    "future-revision",
  );
  s.succeeds(await s.txn({ failure: [op.range(s.key("a"), { revision: s.at(9) })] }));
  s.fails(
    await s.txn({ success: [op.txn({ success: [op.range(s.key("a"), { revision: s.at(9) })] })] }),
    "future-revision",
  );
  await s.all();
});

scenario("Txn ranges take all options of Range", async (s) => {
  for (const key of ["c", "a", "b"]) await s.put(key, key);
  const end = s.endOf("");
  await s.txn({
    success: [
      op.range(s.key(""), { end, limit: 2 }),
      op.range(s.key(""), { end, countOnly: true }),
      op.range(s.key(""), { end, keysOnly: true }),
      op.range(s.key(""), { end, sortOrder: 2, sortTarget: 3 }),
      op.range(s.key(""), { end, minModRevision: s.at(2), maxCreateRevision: s.at(2) }),
      op.range(s.key("none")),
    ],
  });
  await s.txn({ success: [op.range(s.key("a"), { serializable: true })] });
});

scenario("Txn puts with leases, prevKv and kept leases", async (s) => {
  const lease = await s.grant(600);
  await s.put("a", "1", { lease });
  await s.txn({
    success: [
      op.put(s.key("a"), "2", { ignoreLease: true, prevKv: true }),
      op.put(s.key("b"), "1", { lease }),
      op.delete(s.key(""), { end: s.key("a") }),
    ],
  });
  await s.all();
  const { keys } = s.succeeds(
    await s.call(services.lease.leaseTimeToLive, { id: lease, keys: true }),
  );
  assert.equal(keys.length, 2);
});

scenario("Txn larger than the limit is refused", async (s) => {
  const success = [
    op.put(s.key("a"), "v".repeat(900_000)),
    op.put(s.key("b"), "v".repeat(700_000)),
  ];
  s.fails(await s.txn({ success }), "request-too-large");
  await s.all();
});
