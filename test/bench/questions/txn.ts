import type { Question } from "../question.ts";
import { valueBytes } from "./put.ts";
import { fill } from "./range.ts";

/** Compare and swap: the write of every lock and every careful updater. */
export const txnQuestion: Question = {
  name: "txn-100x1",
  title: "Txn that compares a version, puts and gets, 100 connections x 1 caller",
  group: "table",
  members: [1],
  // The compare wants keys that exist.
  prepare: (workbench, peer) => fill(workbench, peer, "txn/", workbench.scale.keys),
  measure: async (workbench, peer) => [
    await workbench.measure(peer, "txn-100x1", "txn", {
      kind: "closed",
      endpoints: await peer.endpoints(),
      connections: 100,
      callers: 100,
      operation: { kind: "txn", keyPrefix: "txn/", keyCount: workbench.scale.keys, valueBytes },
      bound: workbench.bound,
    }),
  ],
};
