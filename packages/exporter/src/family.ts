import { bucketBounds, type LabelsOf, type MetricDefinition } from "./catalogue/definition.ts";
import { CounterCell, GaugeCell, HistogramCell } from "./cells.ts";
import { goNumber } from "./number-text.ts";

/** The instrument of a definition without labels. */
export type CellOf<D extends MetricDefinition> = D["type"] extends "counter"
  ? CounterCell
  : D["type"] extends "gauge"
    ? GaugeCell
    : HistogramCell;

/** A metric with labels: one instrument for each combination of label values. */
export interface LabelledMetric<L, C> {
  /**
   * The instrument of a combination, made at its first use. Keep it where it is used often.
   *
   * Beyond the definition's `seriesMax` an instrument that is exposed nowhere.
   */
  with(labels: L): C;
  /** Stops exposing a combination. */
  remove(labels: L): void;
  /** Stops exposing all. */
  clear(): void;
}

/** What a definition's metric is written through. */
export type InstrumentOf<D extends MetricDefinition> = D extends { readonly labels: object }
  ? LabelledMetric<LabelsOf<D>, CellOf<D>>
  : CellOf<D>;

/** One exposed number. */
export interface Sample {
  /** Name of the series: that of the metric, for histograms with `_bucket`, `_sum` or `_count`. */
  readonly metricName: string;
  /**
   * The same object at each scrape as long as the values are the same, so that its text can be
   * kept.
   */
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Cell = CounterCell | GaugeCell | HistogramCell;

interface Child {
  readonly labels: Readonly<Record<string, string>>;
  readonly cell: Cell;
  /** Histograms: the labels of each bucket. */
  readonly bucketLabels: readonly Readonly<Record<string, string>>[];
}

const defaultSeriesMax = 2000;

/** The cells of one metric and how they turn into samples. */
export class Family implements LabelledMetric<Readonly<Record<string, string>>, Cell> {
  readonly name: string;
  readonly definition: MetricDefinition;
  readonly labelNames: readonly string[];
  readonly #bounds: readonly number[];
  readonly #children = new Map<string, Child>();
  readonly #onRefused: () => void;

  /** @param onRefused - Called for each use of a combination beyond `seriesMax`. */
  constructor(name: string, definition: MetricDefinition, onRefused: () => void) {
    this.name = name;
    this.definition = definition;
    this.labelNames = Object.keys(definition.labels ?? {});
    this.#bounds = bucketBounds(definition.buckets ?? []);
    this.#onRefused = onRefused;
    if (this.labelNames.length === 0) this.with({});
  }

  /** The cell of a metric without labels. */
  get cell(): Cell {
    return this.with({});
  }

  with(labels: Readonly<Record<string, string>>): Cell {
    const key = this.#keyOf(labels);
    const known = this.#children.get(key);
    if (known !== undefined) return known.cell;
    const cell = this.#makeCell();
    if (this.#children.size >= (this.definition.seriesMax ?? defaultSeriesMax)) {
      this.#onRefused();
      return cell;
    }
    const ordered = Object.fromEntries(this.labelNames.map((name) => [name, labels[name] ?? ""]));
    const bounds = this.definition.type === "histogram" ? [...this.#bounds, Infinity] : [];
    this.#children.set(key, {
      labels: ordered,
      cell,
      bucketLabels: bounds.map((bound) => ({ ...ordered, le: goNumber(bound) })),
    });
    return cell;
  }

  remove(labels: Readonly<Record<string, string>>): void {
    this.#children.delete(this.#keyOf(labels));
  }

  clear(): void {
    this.#children.clear();
  }

  /** What is exposed now. */
  samples(): Sample[] {
    const samples: Sample[] = [];
    for (const child of this.#children.values()) {
      if (child.cell instanceof HistogramCell) this.#addHistogram(child, child.cell, samples);
      else samples.push({ metricName: this.name, labels: child.labels, value: child.cell.value });
    }
    return samples;
  }

  #addHistogram(child: Child, cell: HistogramCell, samples: Sample[]): void {
    let count = 0;
    for (const [index, labels] of child.bucketLabels.entries()) {
      count += Number(cell.counts[index]);
      samples.push({ metricName: `${this.name}_bucket`, labels, value: count });
    }
    samples.push({ metricName: `${this.name}_sum`, labels: child.labels, value: cell.sum });
    samples.push({ metricName: `${this.name}_count`, labels: child.labels, value: count });
  }

  #keyOf(labels: Readonly<Record<string, string>>): string {
    let key = "";
    for (const name of this.labelNames) key += `${labels[name] ?? ""}\0`;
    return key;
  }

  #makeCell(): Cell {
    switch (this.definition.type) {
      case "counter":
        return new CounterCell();
      case "gauge":
        return new GaugeCell();
      case "histogram":
        return new HistogramCell(this.#bounds);
    }
  }
}
