import type { ExposedMetric, MetricRegistry } from "./metric-registry.ts";
import { goNumber } from "./number-text.ts";

/** The text forms of metrics. */
export type ExpositionFormat = "text-0.0.4" | "openmetrics-1.0";

/** `Content-Type` of each form. */
export const expositionContentTypes: Readonly<Record<ExpositionFormat, string>> = {
  "text-0.0.4": "text/plain; version=0.0.4; charset=utf-8",
  "openmetrics-1.0": "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** How long a scrape works before other work gets its turn, in milliseconds. */
const sliceMillis = 5;

/**
 * Writes all metrics of a registry.
 *
 * @param onSlice - Hears how long each stretch on the event loop took, in milliseconds.
 */
export async function renderMetrics(
  registry: MetricRegistry,
  format: ExpositionFormat,
  onSlice: (millis: number) => void = () => undefined,
): Promise<string> {
  const isOpenMetrics = format === "openmetrics-1.0";
  let sliceStart = performance.now();
  const pause = async (): Promise<void> => {
    const took = performance.now() - sliceStart;
    if (took < sliceMillis) return;
    onSlice(took);
    await new Promise<void>((resolve) => setImmediate(resolve));
    sliceStart = performance.now();
  };
  let text = "";
  for await (const metric of registry.collect(pause)) text += renderMetric(metric, isOpenMetrics);
  if (isOpenMetrics) text += "# EOF\n";
  onSlice(performance.now() - sliceStart);
  return text;
}

/**
 * Chooses the form for a request: OpenMetrics where its `Accept` prefers it, else the old text.
 *
 * @param accept - As RFC 9110 has it; undefined accepts anything.
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  let openMetrics = 0;
  let text = 0;
  for (const part of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    const quality = Number(parameters.find((each) => each.startsWith("q="))?.slice(2) ?? 1) || 0;
    const version = parameters.find((each) => each.startsWith("version="))?.slice(8);
    const isKnown = version === undefined || version === "1.0.0" || version === "0.0.1";
    if (type === "application/openmetrics-text" && isKnown) {
      openMetrics = Math.max(openMetrics, quality);
    } else if (type === "text/plain" && (version === undefined || version === "0.0.4")) {
      text = Math.max(text, quality);
    }
  }
  return openMetrics > 0 && openMetrics >= text ? "openmetrics-1.0" : "text-0.0.4";
}

function renderMetric(metric: ExposedMetric, isOpenMetrics: boolean): string {
  const family = isOpenMetrics ? openMetricsFamily(metric) : metric;
  let text = `# HELP ${family.name} ${escapeHelp(metric.help, isOpenMetrics)}\n`;
  text += `# TYPE ${family.name} ${family.type}\n`;
  for (const { metricName, labels, value } of metric.samples) {
    text += `${metricName}${labelText(labels)} ${numberText(value)}\n`;
  }
  return text;
}

/**
 * OpenMetrics names a counter without the `_total` of its series. Some of etcd's counters have no
 * `_total`; adding it would rename their series with the form of the scrape, so they become
 * `unknown`.
 */
function openMetricsFamily(metric: ExposedMetric): {
  readonly name: string;
  readonly type: string;
} {
  if (metric.type !== "counter") return metric;
  if (!metric.name.endsWith("_total")) return { name: metric.name, type: "unknown" };
  return { name: metric.name.slice(0, -"_total".length), type: "counter" };
}

const labelTexts = new WeakMap<object, string>();

function labelText(labels: Readonly<Record<string, string>>): string {
  const known = labelTexts.get(labels);
  if (known !== undefined) return known;
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  const text = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  labelTexts.set(labels, text);
  return text;
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : goNumber(value);
}

function escapeHelp(text: string, isOpenMetrics: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpenMetrics ? escaped.replaceAll('"', '\\"') : escaped;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
