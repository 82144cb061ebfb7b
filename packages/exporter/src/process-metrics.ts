import { readdir, readFile } from "node:fs/promises";
import { collectDefaultMetrics } from "prom-client";
import type { processMetrics } from "./catalogue/process-metrics.ts";
import type { Instruments, MetricRegistry } from "./metric-registry.ts";

const refreshMillis = 10_000;
/** prom-client's own 10 ms wakes an idle process a hundred times a second. */
const eventLoopSampleMillis = 100;

/**
 * Adds `process_*`, `nodejs_*` and `os_fd_*`.
 *
 * File descriptors are counted beside the scrape, at most every ten seconds: with thousands of
 * connections the listing takes milliseconds.
 */
export function collectProcessMetrics(
  registry: MetricRegistry,
  instruments: Pick<Instruments<typeof processMetrics>, "os_fd_used" | "os_fd_limit">,
): void {
  collectDefaultMetrics({
    register: registry.prometheus,
    eventLoopMonitoringPrecision: eventLoopSampleMillis,
  });
  let refreshedMillis = Number.NEGATIVE_INFINITY;
  const refresh = (): void => {
    if (performance.now() - refreshedMillis < refreshMillis) return;
    refreshedMillis = performance.now();
    // Elsewhere than on Linux there is no such folder: the gauges stay 0.
    readdir("/proc/self/fd").then(
      (names) => instruments.os_fd_used.set(names.length),
      () => undefined,
    );
    readFile("/proc/self/limits", "utf8").then(
      (text) =>
        instruments.os_fd_limit.set(Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? 0)),
      () => undefined,
    );
  };
  refresh();
  registry.onCollect(refresh);
}
