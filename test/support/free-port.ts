import { createSocket, type Socket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Below are ports that well-known services have, in use or not. */
const firstPort = 10_000;
/** Where the kernel of Linux begins to give ports to outgoing connections, if nobody chose. */
const usualEphemeralPort = 32_768;
/** Fewer are too few for all tests that run at once. */
const countMin = 2_000;
/** How far apart processes with consecutive ids begin to look. */
const strideOfPid = 37;

const claims: Socket[] = [];
const count = lastPort() - firstPort + 1;
let next = process.pid * strideOfPid;

/**
 * Ports of the loopback interface that nothing listens on, all different.
 *
 * They stay free while nobody listens: they are below those that the kernel gives to outgoing
 * connections, and a UDP socket of the same number, which this process holds until its end, keeps
 * them from all others that ask this function.
 *
 * @param wanted - How many.
 * @throws Error when there are not so many.
 */
export async function freePorts(wanted: number): Promise<readonly number[]> {
  const ports: number[] = [];
  for (let tried = 0; ports.length < wanted; tried += 1) {
    if (tried > count) throw new Error(`Cannot find ${wanted} free ports: all are taken`);
    const port = firstPort + (next % count);
    next += 1;
    const claim = await claimOf(port);
    if (claim === undefined) continue;
    // The number is no other test's any more: what listens now belongs to something else.
    if (await isFree(port)) {
      claims.push(claim);
      ports.push(port);
    } else claim.close();
  }
  return ports;
}

/** A socket that nobody else has until it is closed; undefined when somebody has it. */
async function claimOf(port: number): Promise<Socket | undefined> {
  const socket = createSocket("udp4");
  socket.unref();
  return new Promise((resolve) => {
    socket.once("error", () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind({ port, address: "127.0.0.1", exclusive: true }, () => resolve(socket));
  });
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

/** The last port below those of outgoing connections, where that can be read and leaves enough. */
function lastPort(): number {
  try {
    const range = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
    const ephemeral = Number(range.trim().split(/\s+/)[0]);
    if (ephemeral - firstPort >= countMin) return Math.min(ephemeral, 65_536) - 1;
  } catch {
    // Not Linux. Others begin at 49152.
  }
  return usualEphemeralPort - 1;
}
