import type { Question } from "./question.ts";
import { connectionsQuestion } from "./questions/connections.ts";
import { keepAliveQuestion } from "./questions/keep-alive.ts";
import { listQuestion } from "./questions/list.ts";
import { manyKeysQuestion } from "./questions/many-keys.ts";
import { openLoopQuestion } from "./questions/open-loop.ts";
import { putQuestion } from "./questions/put.ts";
import { rangeQuestion } from "./questions/range.ts";
import { txnQuestion } from "./questions/txn.ts";
import { watchQuestion } from "./questions/watch.ts";

/** Every question, in the order of the table. */
export const questions: readonly Question[] = [
  putQuestion("put-1", [1], { connections: 1, callsPerConnection: 1 }),
  putQuestion("put-100x1", [1, 3], { connections: 100, callsPerConnection: 1 }),
  putQuestion("put-100x100", [1, 3], { connections: 100, callsPerConnection: 100 }),
  openLoopQuestion,
  rangeQuestion,
  listQuestion,
  txnQuestion,
  watchQuestion({
    name: "watch-1000",
    group: "table",
    watchers: (scale) => scale.watchers,
    putsInFlight: 16,
  }),
  keepAliveQuestion({
    name: "keep-alive-20000",
    group: "table",
    leases: (scale) => scale.leases,
    leaseIdFirst: 1_000_000,
    renewalsInFlight: 20,
  }),
  manyKeysQuestion,
  watchQuestion({
    name: "watchers-10000",
    group: "scale",
    watchers: (scale) => scale.manyWatchers,
    putsInFlight: 4,
  }),
  keepAliveQuestion({
    name: "leases-100000",
    group: "scale",
    leases: (scale) => scale.manyLeases,
    leaseIdFirst: 2_000_000,
    renewalsInFlight: 1_000,
  }),
  connectionsQuestion,
];
