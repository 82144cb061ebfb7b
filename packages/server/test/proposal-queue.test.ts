import { join } from "node:path";
import { testDataDirectory } from "@quorate/platform/testing";
import { decodeBatch } from "@quorate/state-machine";
import { ProposalQueue } from "../src/member/proposal-queue.ts";

// Commands move requests through the queue; what is settled meanwhile is printed.
testDataDirectory(join(import.meta.dirname, "testdata/proposals"), () => {
  const settled: string[] = [];
  const queue = new ProposalQueue<string, string>({
    memberId: 7n,
    firstSequence: 1,
    timeoutMillis: 1_000,
    requestsMax: 4,
    bytesMax: 100,
    batchBytesMax: 20,
    batchRequestsMax: 3,
    onBatch: () => undefined,
    onFailure: () => undefined,
  });
  let now = 0;
  const run = (name: string, positional: readonly string[]): string => {
    const [first = "", second = "0"] = positional;
    switch (name) {
      case "add": {
        queue.add(now, {
          kind: "put",
          bytes: Buffer.alloc(Number(second), first),
          decoded: first,
          settle: (outcome, failure) => {
            const unknown = failure?.isUnknown === true ? " unknown" : "";
            settled.push(`${first}: ${outcome ?? `${failure?.reason}${unknown}`}`);
          },
        });
        return "";
      }
      case "take": {
        const batch = queue.takeBatch(Number(first));
        if (batch === undefined) return "nothing waits";
        const requests = decodeBatch(batch.data).map(({ sequence, bytes, kind }) => {
          const decoded = queue.decodedOf({ sequence, bytes, kind }) ?? "?";
          return `${sequence}=${decoded}`;
        });
        return `batch ${batch.batchId}: ${requests.join(" ")}`;
      }
      case "give-back":
        queue.giveBack(Number(first));
        return "";
      case "begin-term":
        queue.beginTerm(Number(first));
        return "";
      case "settle":
        queue.settle(Number(first), "done");
        return "";
      case "fail-waiting":
        queue.failWaiting("no-leader");
        return "";
      case "fail-in-flight":
        queue.failInFlight();
        return "";
      case "stop":
        queue.failAll("stopped");
        return "";
      case "advance":
        now += Number(first);
        queue.tick(now);
        return "";
      case "decoded": {
        const request = {
          sequence: Number(first),
          kind: "put",
          bytes: Buffer.from(second),
        } as const;
        return queue.decodedOf(request) ?? "decode the bytes";
      }
      default:
        throw new Error(`unknown command ${name}`);
    }
  };
  return ({ name, positional }) => {
    const said = run(name, positional);
    const lines = said === "" ? [...settled] : [said, ...settled];
    settled.length = 0;
    return [...lines, `requests=${queue.size} bytes=${queue.pendingBytes}`].join("\n");
  };
});
