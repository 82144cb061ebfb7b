/** The process of the load generator: does one load after the other as its parent asks. */
import { runConnectionsLoad } from "./connections-load.ts";
import { runKeepAliveLoad } from "./keep-alive-load.ts";
import type { LoadAnswer, LoadRequest, LoadResult, LoadSpec } from "./load-spec.ts";
import { runPagesLoad } from "./pages-load.ts";
import { runClosedLoad, runOpenLoad } from "./unary-load.ts";
import { runWatchLoad } from "./watch-load.ts";

let stopping = new AbortController();

process.on("message", (message: LoadRequest) => {
  if ("stop" in message) stopping.abort();
  else void answer(message.id, message.spec);
});
process.on("disconnect", () => process.exit(0));

async function answer(id: number, spec: LoadSpec): Promise<void> {
  stopping = new AbortController();
  let result: LoadAnswer;
  try {
    result = { id, result: await run(spec, stopping.signal) };
  } catch (error) {
    result = { id, error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(result);
}

function run(spec: LoadSpec, signal: AbortSignal): Promise<LoadResult> {
  switch (spec.kind) {
    case "closed":
      return runClosedLoad(spec);
    case "open":
      return runOpenLoad(spec, signal);
    case "watch":
      return runWatchLoad(spec);
    case "keep-alive":
      return runKeepAliveLoad(spec);
    case "connections":
      return runConnectionsLoad(spec);
    case "pages":
      return runPagesLoad(spec);
  }
}
