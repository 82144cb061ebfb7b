import type { Question } from "./question.ts";
import { keepAliveQuestion } from "./questions/keep-alive.ts";
import { listQuestion } from "./questions/list.ts";
import { manyKeysQuestion } from "./questions/many-keys.ts";
import { openLoopQuestion } from "./questions/open-loop.ts";
import { putQuestion } from "./questions/put.ts";
import { rangeQuestion } from "./questions/range.ts";
import { startQuestion } from "./questions/start.ts";
import { txnQuestion } from "./questions/txn.ts";
import { watchQuestion } from "./questions/watch-fan-out.ts";

/** Every question, in the order of the table. */
export const questions: readonly Question[] = [
  putQuestion(1),
  putQuestion(100),
  putQuestion(1_000),
  rangeQuestion(1, false),
  rangeQuestion(100, false),
  rangeQuestion(100, true),
  listQuestion,
  txnQuestion,
  watchQuestion,
  keepAliveQuestion,
  openLoopQuestion,
  startQuestion,
  manyKeysQuestion,
];
