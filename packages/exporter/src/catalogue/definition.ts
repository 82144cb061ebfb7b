/** What kind of series a metric is. */
export type MetricType = "counter" | "gauge" | "histogram";

/**
 * Upper bounds of a histogram: a list, or `count` bounds from `start`, each `factor` times the one
 * before.
 */
export type Buckets =
  readonly number[] | { readonly start: number; readonly factor: number; readonly count: number };

/** The values that a label may take; `text` for what only run time knows, such as a member's id. */
export type LabelValues = readonly string[] | "text";

/** One row of the catalogue. */
export interface MetricDefinition {
  readonly type: MetricType;
  readonly help: string;
  /** In the order in which they are written. A metric without labels is exposed from the start. */
  readonly labels?: Readonly<Record<string, LabelValues>>;
  /** Histograms only. */
  readonly buckets?: Buckets;
  /** Most label combinations kept; more are counted and dropped. @default 2000 */
  readonly seriesMax?: number;
}

/** Definitions by name. */
export type Catalogue = Readonly<Record<string, MetricDefinition>>;

/** The label object that a definition asks for. */
export type LabelsOf<D> = D extends { readonly labels: infer L }
  ? { readonly [K in keyof L]: L[K] extends readonly (infer V)[] ? V : string }
  : never;

/** Computes the upper bounds of a histogram, without `+Inf`. */
export function bucketBounds(buckets: Buckets): readonly number[] {
  if (!("start" in buckets)) return buckets;
  const bounds: number[] = [];
  for (let bound = buckets.start; bounds.length < buckets.count; bound *= buckets.factor) {
    bounds.push(bound);
  }
  return bounds;
}
