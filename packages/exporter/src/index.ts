export {
  createMemberMetrics,
  type MemberInstruments,
  type MemberMetrics,
  type MemberMetricsOptions,
  type RpcHandlingInstruments,
} from "./member-metrics.ts";
export {
  createMetricsHandler,
  type MetricsHandler,
  type MetricsHandlerInstruments,
} from "./metrics-handler.ts";
export { type ExposedMetric, type Instruments, MetricRegistry } from "./metric-registry.ts";
export type { CellOf, InstrumentOf, LabelledMetric, Sample } from "./family.ts";
export type {
  Buckets,
  Catalogue,
  LabelsOf,
  LabelValues,
  MetricDefinition,
  MetricType,
} from "./catalogue/definition.ts";
export { type MemberCatalogue, memberCatalogue } from "./catalogue/member-catalogue.ts";
export type { RpcMethodName, RpcMetricsObserver } from "./rpc-metrics-observer.ts";
export { type ExpositionFormat, negotiateFormat, renderMetrics } from "./exposition.ts";
