/** The process of the load generator: does one load after the other as its parent asks. */
import { runKeepAliveLoad } from "./keep-alive-load.ts";
import type { LoadAnswer, LoadRequest, LoadResult, LoadSpec } from "./load-spec.ts";
import { runPagesLoad } from "./pages-load.ts";
import { runClosedLoad, runOpenLoad } from "./unary-load.ts";
import { runWatchLoad } from "./watch-load.ts";

process.on("message", (message: LoadRequest) => void answer(message));
process.on("disconnect", () => process.exit(0));

async function answer({ id, spec }: LoadRequest): Promise<void> {
  let result: LoadAnswer;
  try {
    result = { id, result: await run(spec) };
  } catch (error) {
    result = { id, error: error instanceof Error ? error.message : String(error) };
  }
  process.send?.(result);
}

function run(spec: LoadSpec): Promise<LoadResult> {
  switch (spec.kind) {
    case "closed":
      return runClosedLoad(spec);
    case "open":
      return runOpenLoad(spec);
    case "watch":
      return runWatchLoad(spec);
    case "keep-alive":
      return runKeepAliveLoad(spec);
    case "pages":
      return runPagesLoad(spec);
  }
}
