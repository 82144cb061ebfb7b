import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../support/free-port.ts";
import { waitForOutput } from "./child.ts";

/** A member that runs for the examples of one README. */
export interface ExampleMember {
  /** `127.0.0.1:port` of its client listener. */
  readonly endpoint: string;
  /** Ends the process and removes its data. */
  close(): Promise<void>;
}

/**
 * Starts one member from its sources on ports of its own, and waits until it serves.
 *
 * @param root - Absolute path of the repository.
 */
export async function startExampleMember(root: string): Promise<ExampleMember> {
  const [clientPort, peerPort] = await freePorts(2);
  const directory = await mkdtemp(join(tmpdir(), "quorate-readme-"));
  const endpoint = `127.0.0.1:${clientPort}`;
  const flags = [
    `--data-dir=${directory}`,
    `--listen-client-urls=http://${endpoint}`,
    `--advertise-client-urls=http://${endpoint}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peerPort}`,
  ];
  const child = spawn(
    process.execPath,
    ["--conditions=@quorate/source", "--import", "tsx", "packages/server/src/main.ts", ...flags],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const close = async (): Promise<void> => {
    child.kill("SIGTERM");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await waitForOutput(child, /ready to serve client requests/);
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint, close };
}
