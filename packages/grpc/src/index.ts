export {
  defaultGrpcServerOptions,
  GrpcJsServer,
  type GrpcServerDependencies,
  type GrpcServerOptions,
} from "./grpc-js-server.ts";
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
export { StatusCode } from "./status-code.ts";
export {
  GrpcServerError,
  InvalidOptionsError,
  ListenError,
  UnsupportedLibraryError,
} from "./errors.ts";
