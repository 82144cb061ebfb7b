export type {
  BidiStream,
  BidiStreamHandler,
  RpcCall,
  RpcMethod,
  RpcServer,
  RpcStatus,
  RpcStream,
  ServerStreamHandler,
  UnaryCall,
  UnaryHandler,
} from "./rpc-server.ts";
export { StatusCode } from "./status-code.ts";
