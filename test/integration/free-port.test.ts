/** Ports that tests are given stay theirs. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { freePorts } from "../support/free-port.ts";

const ephemeralRange = "/proc/sys/net/ipv4/ip_local_port_range";

test("freePorts gives different ports, each of which can be listened on", async () => {
  const ports = (await Promise.all([freePorts(20), freePorts(20)])).flat();
  assert.equal(new Set(ports).size, 40);
  for (const port of ports) {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
    });
  }
});

test("freePorts leaves out what is taken, listened on or claimed by another", async () => {
  const [port = 0] = await freePorts(1);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port + 1, "127.0.0.1", resolve));
  const claim = createSocket("udp4");
  await new Promise<void>((resolve) => claim.bind(port + 2, "127.0.0.1", resolve));
  try {
    const ports = await freePorts(5);
    assert.ok(!ports.includes(port + 1) && !ports.includes(port + 2), ports.join());
  } finally {
    server.close();
    claim.close();
  }
  const taken = createSocket("udp4");
  const error = await new Promise<Error>((resolve) => {
    taken.once("error", resolve);
    taken.bind(port, "127.0.0.1");
  });
  assert.match(error.message, /EADDRINUSE/, "a port that was given is claimed to the end");
});

test("freePorts gives none that an outgoing connection can get", async (context) => {
  let lowest: number;
  try {
    lowest = Number(readFileSync(ephemeralRange, "utf8").trim().split(/\s+/)[0]);
  } catch {
    context.skip("the kernel does not tell its range");
    return;
  }
  if (lowest < 12_000) {
    context.skip("the range of this machine leaves no room below it");
    return;
  }
  assert.ok((await freePorts(10)).every((port) => port < lowest));
});
