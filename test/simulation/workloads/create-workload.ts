import type { SeededRandom } from "@quorate/platform/sim";
import { createMultiKeyWorkload } from "./multi-key-workload.ts";
import { createRegisterWorkload } from "./register-workload.ts";
import { createTransferWorkload } from "./transfer-workload.ts";
import { createElectionWorkload } from "./election-workload.ts";
import { createLeaseWorkload } from "./lease-workload.ts";
import { createMaintenanceWorkload } from "./maintenance-workload.ts";
import { createMutexWorkload } from "./mutex-workload.ts";
import { createRegistryWorkload } from "./registry-workload.ts";
import { createWatchWorkload } from "./watch-workload.ts";
import type { Workload } from "./workload.ts";

type Factory = (random: SeededRandom) => Workload;

const factories: Readonly<Record<string, Factory>> = {
  register: createRegisterWorkload,
  transfer: createTransferWorkload,
  "multi-key": createMultiKeyWorkload,
  election: createElectionWorkload,
  lease: createLeaseWorkload,
  maintenance: createMaintenanceWorkload,
  mutex: createMutexWorkload,
  registry: createRegistryWorkload,
  watch: createWatchWorkload,
};

/** Kinds that exist. */
export const workloadKinds: readonly string[] = Object.keys(factories);

/** Makes a workload of a kind. @param random - Its own stream. */
export function createWorkload(kind: string, random: SeededRandom): Workload {
  const create = factories[kind];
  if (create === undefined) throw new Error(`Cannot make workload "${kind}": unknown kind`);
  return create(random);
}
