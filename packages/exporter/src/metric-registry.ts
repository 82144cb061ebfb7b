import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Catalogue, MetricDefinition } from "./catalogue/definition.ts";
import type { CounterCell } from "./cells.ts";
import { Family, type InstrumentOf, type Sample } from "./family.ts";

/** Everything of a catalogue that can be written to, by metric name. */
export type Instruments<C extends Catalogue> = {
  readonly [N in keyof C]: InstrumentOf<C[N]>;
};

/** One metric as a scrape sees it. */
export interface ExposedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/**
 * The metrics of one process, or of one member when several run in a process: nothing is global.
 *
 * It is a prom-client registry, so other collectors for prom-client can join it by `prometheus`;
 * only the metrics of our catalogues keep their numbers in cells of their own (cells.ts).
 *
 * @example
 * ```ts
 * const registry = new MetricRegistry();
 * const metrics = registry.add({ jobs_total: { type: "counter", help: "Jobs done." } });
 * metrics.jobs_total.add();
 * ```
 */
export class MetricRegistry {
  readonly prometheus: Registry = new Registry();
  #refused: CounterCell | undefined;
  readonly #collectors: (() => void)[] = [];

  /**
   * Adds all metrics of a catalogue.
   *
   * @throws Error if a name is taken or is none.
   */
  add<const C extends Catalogue>(catalogue: C): Instruments<C> {
    const entries = Object.entries(catalogue).map(([name, definition]) => {
      const family = new Family(name, definition, () => this.#refused?.add());
      this.#register(family);
      return [name, family.labelNames.length === 0 ? family.cell : family] as const;
    });
    return toInstruments<C>(Object.fromEntries(entries));
  }

  /** Names the counter of refused label combinations. */
  countRefusedSeries(counter: CounterCell): void {
    this.#refused = counter;
  }

  /** Runs a function before each scrape, to set gauges from what is cheap to ask. Never throws. */
  onCollect(collect: () => void): void {
    this.#collectors.push(collect);
  }

  /**
   * Takes all metrics as they are now, sorted by name; those without samples are left out.
   *
   * @param pause - Awaited now and then, so that a scrape does not hold the event loop.
   */
  async *collect(pause: () => Promise<void>): AsyncGenerator<ExposedMetric> {
    for (const collect of this.#collectors) collect();
    const metrics = this.prometheus.getMetricsAsArray();
    const names = metrics.map(({ name }) => name).sort();
    for (const name of names) {
      const metric = this.prometheus.getSingleMetric(name);
      if (metric === undefined) continue;
      const { help, type, values } = await metric.get();
      if (values.length === 0) continue;
      yield { name, help, type: String(type), samples: values.map((each) => toSample(name, each)) };
      await pause();
    }
  }

  #register(family: Family): void {
    const { name, definition } = family;
    const configuration = {
      name,
      help: definition.help,
      labelNames: [...family.labelNames],
      registers: [this.prometheus],
    };
    const metric = makeMetric(definition, configuration);
    const get = () =>
      Promise.resolve({
        name,
        help: definition.help,
        type: definition.type,
        aggregator: "sum",
        values: family.samples(),
      });
    // The registry asks metrics by these two methods; ours answer from the cells.
    Object.assign(metric, { get, getForPromString: get });
  }
}

interface Configuration {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}

function makeMetric(definition: MetricDefinition, configuration: Configuration): object {
  switch (definition.type) {
    case "counter":
      return new Counter(configuration);
    case "gauge":
      return new Gauge(configuration);
    case "histogram":
      return new Histogram(configuration);
  }
}

/** What prom-client's metrics and ours answer with. */
interface RawValue {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number | undefined>>;
  readonly metricName?: string;
}

/** Ours are taken as they are: they keep their label objects. */
function toSample(name: string, raw: RawValue): Sample {
  const { metricName = name, value } = raw;
  if (hasTextLabels(raw)) return { metricName, labels: raw.labels, value };
  const labels = Object.entries(raw.labels).map(([key, each]) => [key, String(each)] as const);
  return { metricName, labels: Object.fromEntries(labels), value };
}

function hasTextLabels(raw: RawValue): raw is RawValue & Pick<Sample, "labels"> {
  for (const name in raw.labels) if (typeof raw.labels[name] !== "string") return false;
  return true;
}

/** The one place that knows that a family's cells are what its definition says. */
function toInstruments<C extends Catalogue>(instruments: unknown): Instruments<C> {
  return instruments as Instruments<C>;
}
