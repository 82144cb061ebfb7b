export { GrpcJsServer } from "./grpc-js-server.ts";
export { Http2RpcServer } from "./http2-rpc-server.ts";
export {
  type ListenAddress,
  PortServer,
  type PortServerDependencies,
  type PortServerOptions,
  type RefusedReason,
} from "./port-server.ts";
export type {
  BidiStream,
  BidiStreamHandler,
  RpcCall,
  RpcMethod,
  RpcObserver,
  RpcServer,
  RpcStatus,
  RpcStream,
  ServerStreamHandler,
  UnaryCall,
  UnaryHandler,
} from "./rpc-server.ts";
export {
  defaultGrpcServerOptions,
  type GrpcServerDependencies,
  type GrpcServerOptions,
} from "./server-options.ts";
export { StatusCode } from "./status-code.ts";
export {
  GrpcServerError,
  InvalidOptionsError,
  ListenError,
  UnsupportedLibraryError,
} from "./errors.ts";
