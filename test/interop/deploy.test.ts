import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, describe, test } from "node:test";
import { parse } from "yaml";
import { parseCommand } from "../../packages/exporter/src/standalone/exporter-options.ts";
import { parseTargetQuery } from "../../packages/exporter/src/standalone/http-sd.ts";
import { loadOptions } from "../../packages/server/src/config/load.ts";
import { filesBelow, pathExists, readText, root } from "../architecture/repository.ts";
import { type ChildEnd, runChild } from "../readme/child.ts";

const scratch = mkdtempSync(join(tmpdir(), "quorate-deploy-"));
after(() => {
  rmSync(scratch, { recursive: true, force: true });
});

async function run(command: string, commandArguments: readonly string[]): Promise<ChildEnd> {
  const end = { directory: root, timeoutMillis: 30_000 };
  return await runChild({ command, arguments: commandArguments, ...end });
}

function assertFlags(flags: readonly string[]): void {
  const loaded = loadOptions(flags, {});
  assert.equal(loaded.kind, "run", JSON.stringify(loaded));
}

/** Reads a Dockerfile as (instruction, arguments), continued lines joined, comments dropped. */
function instructions(text: string): ReadonlyArray<readonly [string, string]> {
  return text
    .replace(/^#.*\n/gm, "")
    .replace(/\\\n/g, " ")
    .split("\n")
    .flatMap((line) => {
      const match = /^([A-Z]+)\s+(.*)$/.exec(line.trim());
      return match === null ? [] : [[match[1] ?? "", match[2] ?? ""] as const];
    });
}

function jsonList(text: string): readonly string[] {
  const list: unknown = JSON.parse(text.slice(text.indexOf("[")));
  assert.ok(Array.isArray(list) && list.every((item) => typeof item === "string"));
  return list;
}

describe("systemd unit", () => {
  const unit = readText("deploy/quorate.service");

  /** Copies the unit with a Node that exists here, so that only the unit itself is judged. */
  function unitWith(change: (text: string) => string): string {
    const path = join(mkdtempSync(join(scratch, "unit-")), "quorate.service");
    writeFileSync(path, change(unit.replace("/usr/bin/node", process.execPath)));
    return path;
  }

  test("passes systemd-analyze verify", async () => {
    const end = await run("systemd-analyze", ["verify", unitWith((text) => text)]);
    assert.equal(end.code, 0, end.stderr);
    assert.doesNotMatch(end.stderr, /quorate\.service/);
  });

  test("a wrong setting would be found", async () => {
    const path = unitWith((text) => text.replace("Restart=always", "Restart=sometimes"));
    const end = await run("systemd-analyze", ["verify", path]);
    assert.match(end.stderr, /quorate\.service:\d+: .*sometimes/);
  });

  test("restarts the member always, with enough files, and as a user of its own", () => {
    for (const setting of ["Restart=always", "LimitNOFILE=65536", "User=quorate"]) {
      assert.ok(unit.split("\n").includes(setting), setting);
    }
  });

  test("starts the server's program with a configuration file that the server accepts", () => {
    const command = /^ExecStart=\S+ \/opt\/quorate\/(\S+)\.js (.*)$/m.exec(unit);
    assert.ok(command !== null, "ExecStart has the expected form");
    const source = `${command[1]?.replace("/dist/", "/src/")}.ts`;
    assert.ok(pathExists(source), `${source} does not exist`);
    assert.equal(command[2], "--config-file /etc/quorate/quorate.yaml");
    assertFlags(["--config-file", join(root, "deploy/quorate.yaml")]);
  });
});

describe("Dockerfile", () => {
  const all = instructions(readText("deploy/Dockerfile"));
  const final = all.slice(all.map(([name]) => name).lastIndexOf("FROM"));
  const argumentsOf = (name: string): string => {
    const found = final.find(([instruction]) => instruction === name);
    assert.ok(found !== undefined, `${name} is missing in the last stage`);
    return found[1];
  };

  test("copies only what exists", () => {
    const sources = all
      .filter(([name, rest]) => name === "COPY" && !rest.startsWith("--from"))
      .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1));
    assert.ok(sources.length > 0);
    for (const source of sources) assert.ok(pathExists(source), `${source} does not exist`);
  });

  test("runs the server as another user than root, and stops it by SIGTERM", () => {
    assert.equal(argumentsOf("USER"), "node");
    assert.equal(argumentsOf("STOPSIGNAL"), "SIGTERM");
    assert.equal(argumentsOf("VOLUME"), "/var/lib/quorate");
    const program = jsonList(argumentsOf("ENTRYPOINT"))[1] ?? "";
    const source = program
      .replace("/opt/quorate/", "")
      .replace("/dist/", "/src/")
      .replace(/\.js$/, ".ts");
    assert.ok(pathExists(source), `${source} does not exist`);
  });

  test("gives the server flags it accepts", () => {
    assertFlags(jsonList(argumentsOf("CMD")));
  });

  test("carries the labels that registries read", () => {
    const labels = argumentsOf("LABEL");
    for (const label of ["title", "description", "version", "revision", "licenses", "base.name"]) {
      assert.match(labels, new RegExp(`org\\.opencontainers\\.image\\.${label}=`));
    }
  });

  test("tells its health by a script that exists", () => {
    const script = jsonList(argumentsOf("HEALTHCHECK"))[1] ?? "";
    assert.ok(pathExists(script.replace("/opt/quorate/", "")), script);
  });
});

describe("healthcheck.mjs", () => {
  const cases = [
    { status: 200, body: '{"health":"true"}', code: 0, says: /^$/ },
    { status: 503, body: '{"health":"false"}', code: 1, says: /answers 503\n\{"health":"false"\}/ },
  ];
  for (const { status, body, code, says } of cases) {
    test(`ends with ${code} when the member answers ${status}`, async () => {
      const server = createServer((_request, response) => response.writeHead(status).end(body));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
      const address = server.address();
      assert.ok(address !== null && typeof address === "object");
      const url = `http://127.0.0.1:${address.port}/health`;
      const end = await run(process.execPath, ["deploy/healthcheck.mjs", url]);
      server.close();
      assert.equal(end.code, code, end.stderr);
      assert.match(end.stderr, says);
      // Nobody listens there any more.
      const closed = await run(process.execPath, ["deploy/healthcheck.mjs", url]);
      assert.equal(closed.code, 1);
      assert.match(closed.stderr, /does not answer: .*ECONNREFUSED/);
    });
  }
});

interface ComposeService {
  readonly hostname?: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly volumes?: readonly string[];
  readonly build?: { readonly context: string; readonly dockerfile: string };
}

describe("compose.yaml", () => {
  const compose = parse(readText("deploy/compose.yaml"), { merge: true }) as {
    readonly services: Readonly<Record<string, ComposeService>>;
    readonly volumes: Readonly<Record<string, null>>;
  };
  const members = Object.entries(compose.services).filter(
    ([name, service]) => service.command !== undefined && name !== "exporter",
  );
  const flagsOf = (service: ComposeService): ReadonlyMap<string, string> =>
    new Map(
      (service.command ?? []).map((flag) => {
        const equals = flag.indexOf("=");
        return [flag.slice(2, equals), flag.slice(equals + 1)] as const;
      }),
    );

  test("has three members, built by the Dockerfile", () => {
    assert.deepEqual(
      members.map(([name]) => name),
      ["one", "two", "three"],
    );
    for (const [, service] of members) {
      assert.equal(service.build?.context, "..");
      assert.equal(service.build.dockerfile, "deploy/Dockerfile");
    }
  });

  for (const [name, service] of members) {
    test(`member ${name} gets flags the server accepts, and its own addresses`, () => {
      assertFlags(service.command ?? []);
      const flags = flagsOf(service);
      assert.equal(service.hostname, name);
      assert.equal(flags.get("name"), name);
      assert.equal(flags.get("advertise-client-urls"), `http://${name}:2379`);
      const peers = flags.get("initial-cluster")?.split(",") ?? [];
      assert.ok(peers.includes(`${name}=${flags.get("initial-advertise-peer-urls")}`));
      assert.equal(peers.length, members.length);
    });
  }

  test("gives the exporter flags it accepts, and endpoints that are members", () => {
    const { exporter } = compose.services;
    const parsed = parseCommand(exporter?.command ?? [], {});
    assert.ok(parsed.kind === "run", JSON.stringify(parsed));
    assert.equal(parsed.options.listenPort, 9379);
    assert.deepEqual(
      parsed.options.endpoints,
      members.map(([, service]) => `${service.hostname}:2379`),
    );
    const program = exporter?.entrypoint?.[1]?.replace("/opt/quorate/", "") ?? "";
    assert.ok(pathExists(program), `${program} does not exist`);
  });

  test("mounts only volumes it declares and files that exist", () => {
    for (const service of Object.values(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const source = volume.split(":")[0] ?? "";
        const exists = source.startsWith("./")
          ? pathExists(join("deploy", basename(source)))
          : source in compose.volumes;
        assert.ok(exists, `${source} is neither a volume nor a file`);
      }
    }
  });
});

describe("prometheus.yaml", () => {
  test("passes promtool check config", async () => {
    const end = await run("promtool", ["check", "config", "deploy/prometheus.yaml"]);
    assert.equal(end.code, 0, end.stderr);
  });

  test("asks for registered targets where the exporter lists them", () => {
    const text = readText("deploy/prometheus.yaml");
    const found = /http_sd_configs:\s+- url: (http:\/\/exporter:9379\S+)/.exec(text);
    const { pathname: path, searchParams } = new URL(found?.[1] ?? "http://no-url");
    assert.equal(parseTargetQuery(searchParams).kind, "query");
    const sources = filesBelow("packages/exporter/src", /\.ts$/).filter((source) =>
      readText(source).includes(`"${path}"`),
    );
    assert.notDeepEqual(sources, [], `nothing serves ${path}`);
  });

  test("a wrong setting would be found", async () => {
    const path = join(scratch, "prometheus.yaml");
    writeFileSync(path, readText("deploy/prometheus.yaml").replace("static_configs", "static"));
    const end = await run("promtool", ["check", "config", path]);
    assert.notEqual(end.code, 0);
  });
});
