import { GrpcJsServer } from "@quorate/grpc";
import { describeRpcServer } from "@quorate/grpc/testing";

describeRpcServer("GrpcJsServer", (options, dependencies) => {
  return new GrpcJsServer(options, dependencies);
});
