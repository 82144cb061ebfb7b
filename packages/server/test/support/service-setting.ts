import assert from "node:assert/strict";
import { noopLogger } from "@quorate/platform";
import { SimClock, SimTimers } from "@quorate/platform/sim";
import type { Member } from "../../src/member/member.ts";
import { createHeaderEncoder, type ServiceContext } from "../../src/services/service-context.ts";
import { SimCluster } from "./sim-cluster.ts";

/** Three simulated members, and what services on the leader work with. */
export interface ServiceSetting {
  readonly cluster: SimCluster;
  /** The leader. */
  readonly member: Member;
  readonly context: ServiceContext;
}

/** Starts the members and waits for their leader. */
export async function startServiceSetting(): Promise<ServiceSetting> {
  const cluster = new SimCluster(1);
  await cluster.startAll();
  await cluster.advance(5_000);
  const member = cluster.leader();
  assert.ok(member);
  const { scheduler, random } = cluster;
  const context: ServiceContext = {
    ...{ member, random, logger: noopLogger, headers: createHeaderEncoder(member) },
    ...{ clock: new SimClock(scheduler), timers: new SimTimers(scheduler) },
    options: {
      requestBytesMax: 1_572_864,
      transactionOperationsMax: 128,
      quotaBytes: undefined,
      heartbeatMillis: 100,
      electionTimeoutMillis: 1_000,
      watchProgressMillis: 600_000,
      watchBufferBytes: 1024 * 1024,
      version: "3.7.1",
    },
  };
  return { cluster, member, context };
}
