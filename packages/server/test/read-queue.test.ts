import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { testDataDirectory } from "@quorate/platform/testing";
import { ListenedRead, ReadQueue, type ReadFailure } from "../src/member/read-queue.ts";

testDataDirectory(join(import.meta.dirname, "testdata/reads"), () => {
  const events: string[] = [];
  const queue = new ReadQueue({
    timeoutMillis: 1_000,
    retryMillis: 500,
    waitingMax: 3,
    onRound: () => undefined,
    onFailure: (failure, count) => events.push(`failed ${count}: ${failure}`),
    onSlow: () => events.push("slow"),
  });
  let now = 0;
  const run = (name: string, [first = "", second = "0"]: readonly string[]): void => {
    switch (name) {
      case "read":
        queue.add(
          now,
          new ListenedRead((failure) => events.push(`${first}: ${failure ?? "served"}`)),
        );
        return;
      case "start": {
        const id = queue.startRound(now);
        events.push(id === undefined ? "no round" : `round ${id}`);
        return;
      }
      case "confirm":
        queue.confirm(Number(first), Number(second));
        return;
      case "abandon":
        queue.abandon(Number(first));
        return;
      case "applied":
        queue.release(Number(first));
        return;
      case "advance":
        now += Number(first);
        queue.tick(now);
        return;
      case "fail":
        queue.failAll("no-leader");
        return;
      default:
        throw new Error(`unknown command ${name}`);
    }
  };
  return ({ name, positional }) => {
    run(name, positional);
    const lines = [...events, `waiting=${queue.size}`];
    events.length = 0;
    return lines.join("\n");
  };
});

test("ReadQueue serves many reads over several turns, each once, in order (V3)", () => {
  const events: string[] = [];
  const queue = new ReadQueue({
    ...{ timeoutMillis: 1_000, retryMillis: 500, waitingMax: 1_000 },
    ...{ onRound: () => undefined, onFailure: () => undefined, onSlow: () => undefined },
  });
  const add = (name: string): void => {
    const settle = (failure: ReadFailure | undefined): unknown =>
      events.push(`${name} ${failure ?? "ok"}`);
    queue.add(0, { deadlineMillis: 0, settle });
  };
  for (let index = 0; index < 40; index += 1) add(`a${index}`);
  queue.confirm(queue.startRound(0) ?? assert.fail(), 5);
  for (let index = 0; index < 10; index += 1) add(`b${index}`);
  queue.confirm(queue.startRound(0) ?? assert.fail(), 6);
  assert.equal(queue.release(4), false);
  assert.equal(
    queue.release(6, () => true),
    true,
  );
  assert.equal(events.length, 16);
  assert.equal(queue.size, 34);
  queue.tick(1_000);
  assert.equal(events.length, 50, "those that are left fail in time, and only those");
  assert.equal(queue.size, 0);
  assert.deepEqual(
    events.map((event) => event.split(" ")[1]),
    [...Array<string>(16).fill("ok"), ...Array<string>(34).fill("timeout")],
  );
  for (let index = 0; index < 20; index += 1) add(`c${index}`);
  queue.confirm(queue.startRound(1_000) ?? assert.fail(), 6);
  assert.equal(
    queue.release(6, () => true),
    true,
  );
  assert.equal(
    queue.release(6, () => true),
    false,
  );
  assert.deepEqual(
    events
      .slice(-20)
      .map((event) => event.split(" ")[0])
      .join(),
    namesOf("c", 20),
  );
});

function namesOf(letter: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${letter}${index}`).join();
}
