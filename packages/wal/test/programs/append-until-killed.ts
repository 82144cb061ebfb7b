import { NodeClock, NodeFileSystem, NodeRandom } from "@quorate/platform";
import { toMemberId } from "@quorate/raft";
import { WriteAheadLog, type WalDependencies } from "../../src/index.ts";
import { entry, hardState } from "../harness.ts";

/** Appends to the log in the directory given, and prints each index once it is durable. */
const directory = process.argv[2] ?? "";
const dependencies: WalDependencies = {
  files: new NodeFileSystem(),
  clock: new NodeClock(),
  random: new NodeRandom(),
  onFailure: (error) => {
    throw error;
  },
};
const options = { segmentBytes: 64 * 1024 };
if (!(await WriteAheadLog.exists(directory, dependencies))) {
  const metadata = { clusterId: 1n, memberId: toMemberId(2n) };
  await (await WriteAheadLog.create(directory, { metadata }, options, dependencies)).close();
}
const { wal, recovered } = await WriteAheadLog.open(directory, {}, options, dependencies);
let next = (recovered.entries.at(-1)?.index ?? 0) + 1;

function appendNext(): void {
  const index = next++;
  const data = new Uint8Array(200 + (index % 300)).fill(index);
  const what = { entries: [entry(index, 1, data)], hardState: hardState(1, index - 1) };
  wal.append(what, () => {
    process.stdout.write(`${index}\n`);
    appendNext();
  });
}

// Several at a time, so that syncs cover more than one.
for (let i = 0; i < 8; i++) appendNext();
