import { Http2RpcServer } from "@quorate/grpc";
import { describeRpcServer } from "@quorate/grpc/testing";

describeRpcServer("Http2RpcServer", (options, dependencies) => {
  return new Http2RpcServer(options, dependencies);
});
