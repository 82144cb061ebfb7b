import { join } from "node:path";
import { testDataDirectory } from "@quorate/platform/testing";
import { BatchReader, decodeBatch, joinBatches } from "@quorate/state-machine";
import { notQueued, ProposalQueue, type Proposal } from "../src/member/proposal-queue.ts";
import type { ProposalBatch } from "../src/member/proposal-queue.ts";

interface Letter extends Proposal<string> {
  readonly name: string;
}

// Commands move requests through the queue; what is settled meanwhile is printed.
testDataDirectory(join(import.meta.dirname, "testdata/proposals"), () => {
  const settled: string[] = [];
  const queue = new ProposalQueue<Letter, string>({
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
  const taken = new Map<number, ProposalBatch<Letter>>();
  let now = 0;
  const toLetter = (name: string, size: number): Letter => ({
    ...{ name, kind: "put", authRevision: 0, bytes: Buffer.alloc(size, name) },
    sequence: notQueued,
    settle: (outcome) => {
      settled.push(`${name}: ${outcome}`);
    },
    fail: ({ reason, isUnknown }) => {
      settled.push(`${name}: ${reason}${isUnknown ? " unknown" : ""}`);
    },
  });
  /** Applies data of the log as a state machine would. */
  const apply = (data: Uint8Array): string => {
    const lines: string[] = [];
    const reader = new BatchReader(data);
    while (reader.nextBatch()) {
      const batch = queue.find(reader, data);
      reader.skipRequests();
      if (batch === undefined) {
        lines.push("decode the bytes");
        continue;
      }
      const outcomes = batch.requests.map(({ name }) => `done ${name}`);
      lines.push(`held ${batch.requests.map(({ name }) => name).join(" ")}`);
      queue.settle(batch, ["of another", ...outcomes], 1);
    }
    return lines.join("\n");
  };
  const run = (name: string, positional: readonly string[]): string => {
    const [first = "", second = "0"] = positional;
    const data = taken.get(Number(first))?.data ?? new Uint8Array(0);
    switch (name) {
      case "add":
        queue.add(now, toLetter(first, Number(second)));
        return "";
      case "take": {
        const batch = queue.takeBatch(Number(first));
        if (batch === undefined) return "nothing waits";
        taken.set(batch.batchId, batch);
        const requests = decodeBatch(batch.data).map(
          ({ sequence, bytes }) => `${sequence}=${String.fromCharCode(bytes[0] ?? 0)}`,
        );
        return `batch ${batch.batchId}: ${requests.join(" ")}`;
      }
      case "give-back":
        queue.giveBack(Number(first));
        return "";
      case "begin-term":
        queue.beginTerm(Number(first));
        return "";
      case "apply":
        return apply(data);
      case "apply-copy":
        return apply(Uint8Array.from(data));
      case "apply-joined":
        return apply(joinBatches(positional.map((id) => taken.get(Number(id))?.data ?? data)));
      case "apply-altered": {
        const altered = Uint8Array.from(data);
        altered[altered.length - 1] = 0x21;
        return apply(altered);
      }
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
