import assert from "node:assert/strict";
import { test } from "node:test";

import { connect } from "@quorate/client";

import { startStore, storeKind, storeMissing } from "../../../../test/support/store.ts";

test(
  "Authentication: enabled under way, token expiry, permissions, watches",
  { skip: storeMissing() },
  async () => {
    await using store = await startStore(storeKind, 1, { flags: ["--auth-token-ttl", "1"] });
    const { endpoints } = store;
    const auth = { user: "root", password: "secret" };
    await using root = connect({ endpoints, auth });
    await root.put("open", "1");
    await root.auth.roleAdd({ name: "root" });
    await root.auth.userAdd({ name: "root", password: "secret" });
    await root.auth.userGrantRole({ user: "root", role: "root" });
    await root.auth.userAdd({ name: "eve", password: "pw" });
    await root.auth.roleAdd({ name: "reader" });
    const perm = { permType: 0, key: Buffer.from("r/"), rangeEnd: Buffer.from("r0") };
    await root.auth.roleGrantPermission({ name: "reader", perm });
    await root.auth.userGrantRole({ user: "eve", role: "reader" });
    await root.auth.authEnable({});

    await root.put("r/1", "x");
    await using nobody = connect({ endpoints });
    await assert.rejects(nobody.get("r/1"), { code: "user-empty" });
    await using wrong = connect({ endpoints, auth: { user: "root", password: "no" } });
    await assert.rejects(wrong.get("r/1"), { code: "authentication-failed" });

    await using eve = connect({ endpoints, auth: { user: "eve", password: "pw" } });
    assert.equal((await eve.get("r/1"))?.text(), "x");
    await assert.rejects(eve.put("r/1", "y"), {
      code: "permission-denied",
      isOutcomeUnknown: false,
    });
    await assert.rejects(eve.watch("secret").whenCreated(), { code: "watch-canceled" });
    await using watcher = eve.watch({ prefix: "r/" });
    await watcher.whenCreated();

    // A restarted member has forgotten all tokens.
    await store.member(0).kill();
    await store.member(0).start();
    await root.put("r/1", "z");
    assert.equal((await eve.get("r/1"))?.text(), "z");
    for await (const event of watcher) {
      assert.equal(event.kv.text(), "z");
      break;
    }
    const lease = await root.lease.hold(60);
    assert.equal(lease.isAlive(), true);
    assert.equal(await root.lease.keepAliveOnce(lease.id), 60);
    await lease.revoke();
  },
);
