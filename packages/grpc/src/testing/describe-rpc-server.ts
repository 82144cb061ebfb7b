import { describe } from "node:test";
import type { RpcServerFactory } from "./harness.ts";
import { describeRobustness } from "./robustness-compliance.ts";
import { describeStreamingCalls } from "./stream-compliance.ts";
import { describeUnaryCalls } from "./unary-compliance.ts";

/**
 * Registers the tests that every implementation of `RpcServer` has to pass, with `node:test`.
 *
 * @param name - Of the implementation, for the report.
 */
export function describeRpcServer(name: string, factory: RpcServerFactory): void {
  describe(name, () => {
    describeUnaryCalls(factory);
    describeStreamingCalls(factory);
    describeRobustness(factory);
  });
}
