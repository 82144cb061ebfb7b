import { describe } from "node:test";
import type { RpcServerFactory } from "./harness.ts";
import { describeRobustness } from "./robustness-compliance.ts";
import { describeStreamingCalls } from "./stream-compliance.ts";
import { describeUnaryCalls } from "./unary-compliance.ts";
import { describeWireDetails, type KnownGaps } from "./wire-compliance.ts";

/**
 * Registers the tests that every implementation of `RpcServer` has to pass, with `node:test`.
 *
 * @param name - Of the implementation, for the report.
 * @param knownGaps - Tests that it fails, by name, and why; that they do fail is checked.
 */
export function describeRpcServer(
  name: string,
  factory: RpcServerFactory,
  knownGaps: KnownGaps = {},
): void {
  describe(name, () => {
    describeUnaryCalls(factory);
    describeStreamingCalls(factory);
    describeRobustness(factory);
    describeWireDetails(factory, knownGaps);
  });
}
