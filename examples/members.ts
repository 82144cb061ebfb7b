/** Starts the members of a cluster as child processes, for the demo. */
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "./programs.ts";

const server = fileURLToPath(new URL("../packages/server/bin/quorate.js", import.meta.url));

/** One member of the demo. */
export interface DemoMember {
  readonly name: string;
  /** `host:port` for clients. */
  readonly endpoint: string;
  program: Program;
  /** Starts it again on its own data. */
  restart(): Program;
}

/** Ports of the loopback interface that were free a moment ago. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (each) =>
        new Promise<number>((resolve) => {
          each.listen(0, "127.0.0.1", () => {
            const address = each.address();
            resolve(typeof address === "object" && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((each) => new Promise((resolve) => each.close(resolve))));
  return ports;
}

/** Starts three members, each on two of the ports, and waits until all serve. */
export async function startMembers(
  directory: string,
  ports: readonly number[],
): Promise<DemoMember[]> {
  const names = ["red", "green", "blue"];
  const plans = names.map((name, index) => ({
    name,
    client: `127.0.0.1:${ports[2 * index]}`,
    peerUrl: `http://127.0.0.1:${ports[2 * index + 1]}`,
  }));
  const cluster = plans.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(",");
  const members = plans.map(({ name, client, peerUrl }) => {
    const args = [
      server,
      `--name=${name}`,
      `--data-dir=${join(directory, name)}`,
      `--listen-client-urls=http://${client}`,
      `--advertise-client-urls=http://${client}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=${cluster}`,
    ];
    const restart = (): Program => new Program(name, args, {});
    return { name, endpoint: client, program: restart(), restart };
  });
  for (const { program } of members) await program.line(/ready to serve client requests/, 30_000);
  return members;
}
