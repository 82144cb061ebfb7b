import type { LoadSpec } from "../load/load-spec.ts";
import type { Peer } from "../peer.ts";
import { within } from "../../support/deadline.ts";
import type { Question, Sample, Workbench } from "../question.ts";
import { valueBytes } from "./put.ts";

const keyPrefix = "many/";
const pageKeys = 10_000;
/** An orderly end may take its time, but not for ever. */
const stopMillis = 60_000;
/** Nothing here takes longer, or it has failed. */
const secondsMax = 600;

/** A million keys of 256 B: load, list, memory, disk, restart. */
export const manyKeysQuestion: Question = {
  name: "many-keys",
  title: "10^6 keys of 256 B: load, list, restart after a kill until a linearizable read",
  group: "many-keys",
  members: [1],
  needsEmptyPeer: true,
  repetitionsMax: 3,
  measure: async (workbench, peer) => {
    const samples = [await load(workbench, peer)];
    samples.push(await list(workbench, peer, "many-keys-pages", pageKeys));
    samples.push(await list(workbench, peer, "many-keys-one-list", 0));
    samples.push(await restart(workbench, peer, "many-keys-restart", "kill"));
    samples.push(await restart(workbench, peer, "many-keys-restart-orderly", "stop"));
    return samples;
  },
};

async function load(workbench: Workbench, peer: Peer): Promise<Sample> {
  const { manyKeys } = workbench.scale;
  const sample = await once(workbench, peer, "many-keys-load", {
    kind: "closed",
    endpoints: await peer.endpoints(),
    connections: 4,
    callers: 16,
    operation: { kind: "fill", keyPrefix, keyCount: manyKeys, keysPerTxn: 100, valueBytes },
    bound: { seconds: secondsMax },
  });
  // The generator counts transactions.
  return { ...sample, operations: manyKeys };
}

async function list(
  workbench: Workbench,
  peer: Peer,
  row: string,
  keysInPage: number,
): Promise<Sample> {
  return await once(workbench, peer, row, {
    kind: "pages",
    endpoints: await peer.endpoints(),
    connections: 1,
    keyPrefix,
    keyCount: workbench.scale.manyKeys,
    pageKeys: keysInPage,
    bound: { seconds: secondsMax },
  });
}

/** Measures a load without a warm-up: it happens once in the life of a store. */
async function once(
  { generator }: Workbench,
  peer: Peer,
  row: string,
  spec: LoadSpec,
): Promise<Sample> {
  const { result, usage } = await peer.measure(row, () => generator.run(spec));
  const diskBytes = await peer.diskBytes();
  return { row, unit: "key", client: "raw", usage, diskBytes, ...result };
}

async function restart(
  { scale }: Workbench,
  peer: Peer,
  row: string,
  how: "kill" | "stop",
): Promise<Sample> {
  await within(stopMillis, `the member to end by ${how}`, peer.cluster.member(0)[how]());
  const begin = performance.now();
  await peer.cluster.member(0).start();
  await peer.untilReady();
  const seconds = (performance.now() - begin) / 1_000;
  // A new process: all it has used was used to start.
  const usage = await peer.usageSinceStart();
  return {
    row,
    unit: "key",
    client: "-",
    operations: scale.manyKeys,
    seconds,
    latencies: undefined,
    failures: 0,
    generatorCpuSeconds: undefined,
    usage,
    diskBytes: await peer.diskBytes(),
    details: { "start s": seconds },
  };
}
