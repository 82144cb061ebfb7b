import { GrpcJsServer } from "@quorate/grpc";
import { describeRpcServer } from "@quorate/grpc/testing";

describeRpcServer(
  "GrpcJsServer",
  (options, dependencies) => new GrpcJsServer(options, dependencies),
  {
    "an :authority that is a URL is served: etcd 3.4's library sends it":
      "node:http2 refuses the request",
    "a compressed message without an encoding is INTERNAL": "grpc-js takes it as it is",
  },
);
