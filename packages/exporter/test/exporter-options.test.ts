import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { helpText, parseCommand } from "../src/standalone/exporter-options.ts";

describe("parseCommand", () => {
  it("has defaults for everything", () => {
    assert.deepEqual(parseCommand([], {}), {
      kind: "run",
      options: {
        endpoints: ["127.0.0.1:2379"],
        listenHost: "127.0.0.1",
        listenPort: 9379,
        registryPrefix: "/quorate/registry/",
        elections: [],
        pollMillis: 5_000,
        stalenessLimitMillis: 60_000,
        logLevel: "info",
        user: undefined,
        passwordFile: undefined,
        caFile: undefined,
        certFile: undefined,
        keyFile: undefined,
      },
    });
  });

  it("takes a flag before the environment before the default", () => {
    const command = parseCommand(["--poll-interval=1.5s", "--endpoints", "a:1, b:2,a:1"], {
      QUORATE_EXPORTER_POLL_INTERVAL: "9s",
      QUORATE_EXPORTER_LISTEN_ADDRESS: "[::1]:0",
      QUORATE_EXPORTER_ELECTION_PREFIX: "e/a,e/b/",
      QUORATE_EXPORTER_REGISTRY_PREFIX: "r",
      OTHER: "x",
    });
    assert.ok(command.kind === "run");
    assert.equal(command.options.pollMillis, 1_500);
    assert.deepEqual(command.options.endpoints, ["a:1", "b:2"]);
    assert.deepEqual(command.options.elections, ["e/a", "e/b"]);
    assert.equal(command.options.registryPrefix, "r/");
    assert.deepEqual([command.options.listenHost, command.options.listenPort], ["::1", 0]);
  });

  it("names every problem at once", () => {
    const words = [
      "--endpoints=,",
      "--listen-address=nowhere",
      "--registry-prefix=",
      "--poll-interval=1ms",
      "--registry-staleness-limit=soon",
      "--log-level=loud",
      "--user=root",
      "--cert=c.pem",
      "--nonsense=1",
      "stray",
      "--cacert",
    ];
    const command = parseCommand(words, { QUORATE_EXPORTER_NONSENSE: "1" });
    assert.deepEqual(command, {
      kind: "invalid",
      problems: [
        "environment variable QUORATE_EXPORTER_NONSENSE is not known",
        'flag "--nonsense=1" is not known',
        'argument "stray" is not known',
        'flag "--cacert" has no value',
        "--endpoints names none",
        '--listen-address is "nowhere", expected HOST:PORT',
        "--registry-prefix is empty",
        "--user and --password-file need each other",
        "--cert and --key need each other",
        '--poll-interval is "1ms", expected a duration from 100ms to 24h such as 5s',
        '--registry-staleness-limit is "soon", expected a duration from 1000ms to 24h such as 5s',
        '--log-level is "loud", expected debug, info, warn or error',
      ],
    });
  });

  it("helps, with every flag in the text", () => {
    assert.deepEqual(parseCommand(["--help", "--nonsense"], {}), { kind: "help" });
    assert.deepEqual(parseCommand(["--version"], {}), { kind: "version" });
    for (const name of ["endpoints", "listen-address", "election-prefix", "cacert"]) {
      assert.ok(helpText().includes(`--${name} `), name);
    }
  });
});
