import { join } from "node:path";
import { testDataDirectory } from "@quorate/platform/testing";
import { ListenedRead, ReadQueue } from "../src/member/read-queue.ts";

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
