import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { rfc9113Rules, rfc9113Scripts, rfc9113Sections } from "./http2/rfc9113-rules.ts";
import { checkRule } from "./http2/rule.ts";
import type { RawClient } from "./http2/raw-client.ts";
import { paths, TestServer } from "./http2/test-server.ts";

describe("RFC 9113", () => {
  let server: TestServer;
  /** A connection that outlives all errors of the others. */
  let witness: RawClient;

  before(async () => {
    server = await TestServer.start();
    witness = await server.open();
  });

  after(async () => {
    await witness.destroy();
    await server.close();
  });

  for (const [section, title] of rfc9113Sections) {
    describe(`${section} ${title}`, () => {
      for (const rule of rfc9113Rules.filter((each) => each.section === section)) {
        it(rule.rule, async () => {
          await checkRule(rule, server);
          const { grpcStatus } = await witness.call(paths.echo, "canary");
          assert.equal(grpcStatus, "0", "another connection is served");
          await server.untilIdle();
        });
      }
      for (const { rule, script, options } of rfc9113Scripts.filter(
        (each) => each.section === section,
      )) {
        it(rule, () => TestServer.run(script, options));
      }
    });
  }

  it("has a rule here for each section that binds a server, and no rule without a section", () => {
    const sections = [...rfc9113Sections.keys()];
    const used = new Set([...rfc9113Rules, ...rfc9113Scripts].map(({ section }) => section));
    assert.deepEqual(
      sections.filter((section) => !used.has(section)),
      [],
    );
    assert.deepEqual(
      [...used].filter((section) => !rfc9113Sections.has(section)),
      [],
    );
  });
});
