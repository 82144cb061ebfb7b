import { type MemberCatalogue, memberCatalogue } from "./catalogue/member-catalogue.ts";
import { extensiveRpcMetrics } from "./catalogue/rpc-metrics.ts";
import { EventLoopMonitor } from "./event-loop-monitor.ts";
import { type Instruments, MetricRegistry } from "./metric-registry.ts";
import { collectProcessMetrics } from "./process-metrics.ts";
import {
  createRpcMetricsObserver,
  type RpcMethodName,
  type RpcMetricsObserver,
} from "./rpc-metrics-observer.ts";

/** All instruments of a member, by metric name. */
export type MemberInstruments = Instruments<MemberCatalogue>;

/** Instruments that exist on demand. */
export type RpcHandlingInstruments = Instruments<typeof extensiveRpcMetrics>;

/** Settings of {@link createMemberMetrics}. */
export interface MemberMetricsOptions {
  /** Methods whose series exist with 0 from the start. */
  readonly rpcMethods: readonly RpcMethodName[];
  /** Whether call latency is exposed by method (`--metrics extensive`). @default false */
  readonly isExtensive?: boolean;
  /**
   * Whether metrics of the process are collected; false where several members share a process or a
   * simulated one runs.
   *
   * @default true
   */
  readonly hasProcessMetrics?: boolean;
}

/** The metrics of one member. */
export interface MemberMetrics {
  readonly registry: MetricRegistry;
  readonly instruments: MemberInstruments;
  /** Give it to the RPC server. */
  readonly rpcObserver: RpcMetricsObserver;
  /** Stops the measurements that need a timer. */
  close(): void;
}

/**
 * Makes all metrics of a member, each at 0.
 *
 * @example
 * ```ts
 * const { registry, instruments } = createMemberMetrics({ rpcMethods: [] });
 * instruments.etcd_disk_wal_fsync_duration_seconds.observe(0.0002);
 * instruments.etcd_network_peer_sent_bytes_total.with({ To: "8e9e05c52164694d" }).add(512);
 * registry.onCollect(() => instruments.etcd_server_has_leader.set(1));
 * ```
 */
export function createMemberMetrics(options: MemberMetricsOptions): MemberMetrics {
  const registry = new MetricRegistry();
  const instruments = registry.add(memberCatalogue);
  registry.countRefusedSeries(instruments.quorate_metric_series_refused_total);
  instruments.etcd_debugging_mvcc_compact_revision.set(-1);
  const handling = options.isExtensive === true ? registry.add(extensiveRpcMetrics) : undefined;
  const rpcObserver = createRpcMetricsObserver(instruments, options.rpcMethods, handling);
  if (options.hasProcessMetrics === false) {
    return { registry, instruments, rpcObserver, close: () => undefined };
  }
  collectProcessMetrics(registry, instruments);
  const monitor = new EventLoopMonitor(instruments.quorate_event_loop_delay_seconds);
  return { registry, instruments, rpcObserver, close: () => monitor.close() };
}
