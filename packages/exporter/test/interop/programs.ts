import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../until.ts";

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"]).error === undefined;
}

/** A program that runs in a folder of its own. */
export interface Program {
  readonly child: ChildProcess;
  readonly folder: string;
  stop(): Promise<void>;
}

/** Starts a program; `words` get its folder. */
export function startProgram(name: string, words: (folder: string) => readonly string[]): Program {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const child = spawn(name, words(folder), { cwd: folder, stdio: "ignore" });
  return {
    child,
    folder,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago, for programs that cannot tell which they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A real etcd with one member. */
export async function startEtcd(): Promise<Program & { readonly endpoint: string }> {
  const [client, peer] = [await freePort(), await freePort()];
  const clientUrl = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const program = startProgram("etcd", (folder) => [
    ...["--name", "one", "--data-dir", join(folder, "data"), "--log-level", "error"],
    ...["--listen-client-urls", clientUrl, "--advertise-client-urls", clientUrl],
    ...["--listen-peer-urls", peerUrl, "--initial-advertise-peer-urls", peerUrl],
    ...["--initial-cluster", `one=${peerUrl}`],
  ]);
  await until("etcd is healthy", async () => {
    const text = await textOf(`${clientUrl}/health`);
    return text?.includes('"true"') ?? false;
  });
  return { ...program, endpoint: `127.0.0.1:${client}` };
}

/** The body of a 200 answer; undefined for anything else. */
export async function textOf(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url);
    const text = await response.text();
    return response.status === 200 ? text : undefined;
  } catch {
    return undefined;
  }
}
