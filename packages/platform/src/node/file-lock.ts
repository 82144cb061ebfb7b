import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { open, readFile, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import type { FileLock } from "../file-system.ts";

/**
 * Locks a file exclusively until released or until this process dies in whatever way (B25).
 *
 * Node offers no flock(2), so up to three means are combined; each is given back by the kernel:
 *
 * 1. On Linux an abstract unix socket named after device and inode of the file. Binding it is
 *    exclusive within a network namespace and needs no clean-up.
 * 2. Where a `flock` command exists (util-linux, busybox): the command is handed our descriptor
 *    and locks it. The lock belongs to the open file description, so it outlives the command and
 *    dies with our descriptor. It also excludes processes of other containers on the same file.
 * 3. Where neither is there (macOS, Windows): a process id in the file. Two starts at the same
 *    instant after a crash may both win, and a recycled id blocks: good enough for development.
 *
 * @returns Undefined if another holder exists, in this process or another.
 */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  const handle = await open(path, "a+", 0o600);
  let socket: Server | undefined;
  try {
    const isLinux = process.platform === "linux";
    if (isLinux) {
      socket = await bindAbstractSocket(await socketName(handle));
      if (socket === undefined) return await refuse(handle, undefined);
    }
    const flocked = await flock(handle);
    if (flocked === "held") return await refuse(handle, socket);
    if (flocked === "unavailable" && !isLinux && !(await claimByProcessId(path, handle))) {
      return await refuse(handle, socket);
    }
    // Removed or replaced between open and lock: the lock would be on a file nobody sees.
    const [ours, visible] = await Promise.all([handle.stat(), stat(path)]);
    if (ours.ino !== visible.ino) return await refuse(handle, socket);
    return createRelease(handle, socket, flocked === "unavailable" && !isLinux ? path : undefined);
  } catch (error) {
    await refuse(handle, socket);
    throw error;
  }
}

async function refuse(handle: FileHandle, socket: Server | undefined): Promise<undefined> {
  socket?.close();
  await handle.close();
  return undefined;
}

function createRelease(
  handle: FileHandle,
  socket: Server | undefined,
  processIdFile: string | undefined,
): FileLock {
  let released: Promise<void> | undefined;
  const release = async (): Promise<void> => {
    if (processIdFile !== undefined) await rm(processIdFile, { force: true });
    if (socket !== undefined) {
      socket.close();
      await once(socket, "close");
    }
    await handle.close();
  };
  return { release: () => (released ??= release()) };
}

async function socketName(handle: FileHandle): Promise<string> {
  const { dev, ino } = await handle.stat({ bigint: true });
  const digest = createHash("sha256").update(`${dev}:${ino}`).digest("hex").slice(0, 32);
  return `\0quorate-lock-${digest}`;
}

async function bindAbstractSocket(name: string): Promise<Server | undefined> {
  // A stranger that connects learns nothing and is turned away.
  const server = createServer((connection) => connection.destroy());
  try {
    server.listen({ path: name, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
  return server.unref();
}

function flock(handle: FileHandle): Promise<"locked" | "held" | "unavailable"> {
  // The child sees our descriptor as its own number 3.
  const child = spawn("flock", ["-x", "-n", "3"], {
    stdio: ["ignore", "ignore", "ignore", handle.fd],
  });
  return new Promise((resolve) => {
    child.once("error", () => {
      resolve("unavailable");
    });
    child.once("exit", (code) => {
      if (code === 0) resolve("locked");
      else resolve(code === 1 ? "held" : "unavailable");
    });
  });
}

async function claimByProcessId(path: string, handle: FileHandle): Promise<boolean> {
  const owner = Number.parseInt(await readFile(path, "utf8"), 10);
  if (Number.isInteger(owner) && isRunning(owner)) return false;
  await handle.truncate(0);
  await handle.write(`${process.pid}\n`);
  const written = Number.parseInt(await readFile(path, "utf8"), 10);
  return written === process.pid;
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
