import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { testDataDirectory } from "@quorate/platform/testing";
import { parseDuration } from "../src/config/duration.ts";
import { environmentName, flags, helpText } from "../src/config/flags.ts";
import { loadOptions } from "../src/config/load.ts";

// `load` takes one argument or variable a line and shows problems, or the settings asked for.
testDataDirectory(join(import.meta.dirname, "testdata/options"), () => ({ input, args }) => {
  const lines = input.split("\n").filter((line) => line !== "");
  const isVariable = (line: string): boolean => /^[A-Z_]+=/.test(line);
  const environment = Object.fromEntries(
    lines.filter(isVariable).map((line) => {
      const split = line.indexOf("=");
      return [line.slice(0, split), line.slice(split + 1)];
    }),
  );
  const loaded = loadOptions(
    lines.filter((line) => !isVariable(line)),
    environment,
  );
  if (loaded.kind === "invalid") {
    return [...loaded.problems, `exit ${loaded.exitCode}`].join("\n");
  }
  if (loaded.kind !== "run") return loaded.kind;
  const { member, cluster } = loaded.options;
  const all: Readonly<Record<string, unknown>> = { ...member, ...cluster };
  const shown = (args.get("show") ?? "name").split("/").map((name) => {
    const value = all[name] instanceof Map ? [...all[name].entries()] : all[name];
    return `${name}=${JSON.stringify(value)}`;
  });
  return [...loaded.warnings.map((warning) => `warning: ${warning}`), ...shown].join("\n");
});

describe("configuration file", () => {
  test("settings are read from YAML, and other settings are named as ignored", async () => {
    const directory = await mkdtemp(join(tmpdir(), "quorate-config-"));
    try {
      const path = join(directory, "quorate.yaml");
      const content = [
        "name: filed",
        "heartbeat-interval: 50",
        "election-timeout: 500",
        "watch-progress-notify-interval: 5000000000",
        "listen-client-urls: http://127.0.0.1:2379",
        "advertise-client-urls: http://127.0.0.1:2379",
      ].join("\n");
      await writeFile(path, content);
      const loaded = loadOptions(["--config-file", path, "--name", "other"], {});
      assert.ok(loaded.kind === "run");
      assert.equal(loaded.options.member.name, "filed");
      assert.equal(loaded.options.member.watchProgressMillis, 5_000);
      assert.equal(loaded.options.cluster.heartbeatMillis, 50);
      assert.deepEqual(loaded.warnings, ["settings beside --config-file are ignored: name"]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test("a file that is missing, broken or has unknown settings is refused", async () => {
    const directory = await mkdtemp(join(tmpdir(), "quorate-config-"));
    try {
      const path = join(directory, "quorate.yaml");
      const problemsOf = (): string => {
        const loaded = loadOptions([`--config-file=${path}`], {});
        assert.ok(loaded.kind === "invalid");
        return loaded.problems.join("\n");
      };
      assert.match(problemsOf(), /Cannot read configuration file .*ENOENT/);
      await writeFile(path, "name: [1, {");
      assert.match(problemsOf(), /Cannot read configuration file/);
      await writeFile(path, "nmae: x\nname: {a: 1}");
      assert.match(problemsOf(), /Unknown setting "nmae"[^]*"name" .* wrong type/);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe("flags", () => {
  test("each has a name of its own, a default that is valid, and stands in the help", () => {
    assert.equal(new Set(flags.map(({ name }) => name)).size, flags.length);
    const texts = flags
      .filter(
        ({ name, defaultText }) => name !== "help" && name !== "version" && defaultText !== "",
      )
      .map(({ name, defaultText }) => `--${name}=${defaultText}`);
    const loaded = loadOptions(texts, {});
    assert.deepEqual(loaded.kind === "invalid" ? loaded.problems : [], []);
    for (const { name } of flags) assert.ok(helpText().includes(`--${name}`), name);
    assert.equal(environmentName("listen-client-urls", "ETCD_"), "ETCD_LISTEN_CLIENT_URLS");
  });

  test("durations are read as Go writes them", () => {
    const cases: readonly (readonly [string, number | undefined])[] = [
      ["0", 0],
      ["100ms", 100],
      ["1h30m", 5_400_000],
      ["1.5s", 1_500],
      ["-5s", -5_000],
      ["2us", 0.002],
      ["5", undefined],
      ["ms", undefined],
      ["5 s", undefined],
      ["", undefined],
    ];
    for (const [text, millis] of cases) assert.equal(parseDuration(text), millis, text);
  });
});
