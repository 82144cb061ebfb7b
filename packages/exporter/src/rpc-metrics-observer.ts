import { grpcCodes } from "./catalogue/rpc-metrics.ts";
import type { CounterCell, HistogramCell } from "./cells.ts";
import type { MemberInstruments, RpcHandlingInstruments } from "./member-metrics.ts";

/** A method as the metrics name it. */
export interface RpcMethodName {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly kind: "unary" | "server-stream" | "bidi-stream";
}

/** Feeds `grpc_server_*` and the client byte counters; fits the observer of the RPC server. */
export interface RpcMetricsObserver {
  callStarted(method: RpcMethodName): void;
  messageReceived(method: RpcMethodName, bytes: number): void;
  messageSent(method: RpcMethodName, bytes: number): void;
  /** @param code - gRPC status code in `[0, 16]`; others count as Unknown. */
  callEnded(method: RpcMethodName, code: number, durationMillis: number): void;
}

interface MethodCells {
  readonly started: CounterCell;
  readonly handled: readonly CounterCell[];
  readonly received: CounterCell;
  readonly sent: CounterCell;
  readonly handling: HistogramCell | undefined;
}

const grpcTypes = {
  unary: "unary",
  "server-stream": "server_stream",
  "bidi-stream": "bidi_stream",
} as const;

const unknownCode = 2;

/**
 * Makes the observer.
 *
 * @param methods - Exist with 0 from the start, each with every code; others from their first call.
 * @param handling - Latency by method, where wanted.
 */
export function createRpcMetricsObserver(
  instruments: MemberInstruments,
  methods: readonly RpcMethodName[],
  handling: RpcHandlingInstruments | undefined,
): RpcMetricsObserver {
  const cells = new Map<string, MethodCells>();
  const add = (method: RpcMethodName): MethodCells => {
    const slash = method.path.lastIndexOf("/");
    const labels = {
      grpc_type: grpcTypes[method.kind],
      grpc_service: method.path.slice(1, slash),
      grpc_method: method.path.slice(slash + 1),
    };
    const made = {
      started: instruments.grpc_server_started_total.with(labels),
      handled: grpcCodes.map((grpc_code) =>
        instruments.grpc_server_handled_total.with({ ...labels, grpc_code }),
      ),
      received: instruments.grpc_server_msg_received_total.with(labels),
      sent: instruments.grpc_server_msg_sent_total.with(labels),
      handling: handling?.grpc_server_handling_seconds.with(labels),
    };
    cells.set(method.path, made);
    return made;
  };
  for (const method of methods) add(method);
  const receivedBytes = instruments.etcd_network_client_grpc_received_bytes_total;
  const sentBytes = instruments.etcd_network_client_grpc_sent_bytes_total;
  return {
    callStarted: (method) => (cells.get(method.path) ?? add(method)).started.add(),
    messageReceived: (method, bytes) => {
      cells.get(method.path)?.received.add();
      receivedBytes.add(bytes);
    },
    messageSent: (method, bytes) => {
      cells.get(method.path)?.sent.add();
      sentBytes.add(bytes);
    },
    callEnded: (method, code, durationMillis) => {
      const each = cells.get(method.path);
      (each?.handled[code] ?? each?.handled[unknownCode])?.add();
      each?.handling?.observe(durationMillis / 1_000);
    },
  };
}
