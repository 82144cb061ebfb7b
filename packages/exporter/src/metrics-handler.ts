import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { processMetrics } from "./catalogue/process-metrics.ts";
import type { Histogram } from "@quorate/platform";
import {
  expositionContentTypes,
  type ExpositionFormat,
  negotiateFormat,
  renderMetrics,
} from "./exposition.ts";
import type { Instruments, MetricRegistry } from "./metric-registry.ts";

/** Where the handler counts itself; all may be left out. */
export interface MetricsHandlerInstruments {
  readonly scrapes?: Instruments<typeof processMetrics>["promhttp_metric_handler_requests_total"];
  readonly inFlight?: { shift(amount: number): void };
  /** Seconds on the event loop for each stretch of rendering. */
  readonly sliceSeconds?: Histogram;
}

/** Answers a request for metrics; fits `node:http` and express. */
export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => void;

const compress = promisify(gzip);
/** Shorter answers are not worth it. */
const gzipBytesMin = 1_024;

/**
 * Makes the handler of `/metrics`: the text form that `Accept` asks for, gzip where accepted.
 *
 * Scrapes that come while one of the same form is being written share its text, so that any number
 * of them costs what one costs.
 */
export function createMetricsHandler(
  registry: MetricRegistry,
  instruments: MetricsHandlerInstruments = {},
): MetricsHandler {
  const running = new Map<ExpositionFormat, Promise<string>>();
  instruments.scrapes?.with({ code: "200" });
  instruments.scrapes?.with({ code: "500" });
  const render = (format: ExpositionFormat): Promise<string> => {
    const shared = running.get(format);
    if (shared !== undefined) return shared;
    const text = renderMetrics(registry, format, (millis) => {
      instruments.sliceSeconds?.observe(millis / 1_000);
    }).finally(() => running.delete(format));
    running.set(format, text);
    return text;
  };
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const format = negotiateFormat(request.headers.accept);
    const text = Buffer.from(await render(format));
    const isGzip = text.length >= gzipBytesMin && acceptsGzip(request.headers["accept-encoding"]);
    const body = isGzip ? await compress(text, { level: constants.Z_BEST_SPEED }) : text;
    instruments.scrapes?.with({ code: "200" }).add();
    response.writeHead(200, {
      "Content-Type": expositionContentTypes[format],
      "Content-Length": body.length,
      Vary: "Accept, Accept-Encoding",
      ...(isGzip && { "Content-Encoding": "gzip" }),
    });
    response.end(request.method === "HEAD" ? undefined : body);
  };
  return (request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { Allow: "GET, HEAD" }).end();
      return;
    }
    instruments.inFlight?.shift(1);
    answer(request, response)
      .catch(() => {
        instruments.scrapes?.with({ code: "500" }).add();
        if (response.headersSent) response.destroy();
        else
          response
            .writeHead(500, { "Content-Type": "text/plain; charset=utf-8" })
            .end("Internal Server Error\n");
      })
      .finally(() => instruments.inFlight?.shift(-1));
  };
}

/** Whether an `Accept-Encoding` header allows gzip. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  for (const part of String(header ?? "").split(",")) {
    const [coding = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    if (coding !== "gzip" && coding !== "*") continue;
    return !parameters.some((each) => /^q=0(\.0*)?$/.test(each));
  }
  return false;
}
