import { JsonLogger, NodeClock, openLogSink } from "../../src/index.ts";

/**
 * Fills the log of a reader that may be stuck, then reports on stderr how late a timer was and how
 * many lines were lost, and exits.
 */
const logger = new JsonLogger(
  { queueBytesMax: 1_000_000 },
  { sink: openLogSink(1), clock: new NodeClock() },
);
const begin = performance.now();
const padding = "x".repeat(1000);
for (let i = 0; i < 4_000; i++) logger.info("line", { i, padding });
await new Promise((resolve) => setTimeout(resolve, 50));
if (process.argv[2] === "last-words") logger.lastWords("dying", { reason: "test" });
const isFlushed = await logger.close(100);
const { droppedLines } = logger.status();
const elapsedMillis = Math.round(performance.now() - begin);
process.stderr.write(`${JSON.stringify({ droppedLines, isFlushed, elapsedMillis })}\n`);
process.exit(7);
