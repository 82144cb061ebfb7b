import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { RawClient } from "./raw-client.ts";

const batchBytes = 65_536;

/**
 * Sends `count` pieces, a batch a turn, as fast as the server takes them; ends early if the server
 * closes the connection.
 *
 * @param piece - The bytes of the n-th piece.
 * @returns How many pieces were sent.
 */
export async function pour(
  client: RawClient,
  count: number,
  piece: (index: number) => Uint8Array,
): Promise<number> {
  const isOver = (): boolean => client.isClosed || client.socket.destroyed;
  let index = 0;
  while (index < count && !isOver()) {
    const batch: Uint8Array[] = [];
    for (let bytes = 0; bytes < batchBytes && index < count; index += 1) {
      const next = piece(index);
      batch.push(next);
      bytes += next.length;
    }
    client.send(...batch);
    do await new Promise((resolve) => setImmediate(resolve));
    while (client.socket.writableLength > 4 * batchBytes && !isOver());
  }
  return index;
}

/**
 * Sends `count` pieces to a server that may stop reading.
 *
 * @returns How many bytes it took before it took nothing for so many turns of the event loop.
 */
export async function pourUntilStuck(
  client: RawClient,
  count: number,
  piece: Uint8Array,
  patienceTurns = 200,
): Promise<number> {
  const { socket } = client;
  const pieces = Math.ceil(batchBytes / piece.length);
  const batch = Buffer.concat(Array.from({ length: pieces }, () => piece));
  let taken = 0;
  let idleTurns = 0;
  for (let sent = 0; idleTurns < patienceTurns && !client.isClosed;) {
    if (socket.writableLength < 4 * batchBytes && sent < count) {
      socket.write(batch);
      sent += pieces;
    }
    await new Promise((resolve) => setImmediate(resolve));
    const now = socket.bytesWritten - socket.writableLength;
    idleTurns = now === taken ? idleTurns + 1 : 0;
    taken = now;
  }
  return taken;
}

/** Waits until a number has stayed as it is for so many turns of the event loop. */
export async function untilQuiet(read: () => number, patienceTurns = 300): Promise<void> {
  let last = read();
  for (let idle = 0; idle < patienceTurns; idle += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (read() === last) continue;
    last = read();
    idle = 0;
  }
}

/** Checks that work leaves no more memory behind than it may, garbage aside. */
export async function expectMemory(bytesMax: number, work: () => Promise<void>): Promise<void> {
  const before = await memoryInUse();
  await work();
  const growth = (await memoryInUse()) - before;
  assert.ok(growth <= bytesMax, `${growth} bytes more are in use, at most ${bytesMax} expected`);
}

async function memoryInUse(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  assert.ok(typeof collect === "function");
  for (let round = 0; round < 3; round += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve)); // Buffers are freed a little later.
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
