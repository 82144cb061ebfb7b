import type { SeededRandom } from "@quorate/platform/sim";
import type { Workload } from "./workload.ts";

type Factory = (random: SeededRandom) => Workload;

const factories: Readonly<Record<string, Factory>> = {};

/** Kinds that exist. */
export const workloadKinds: readonly string[] = Object.keys(factories);

/** Makes a workload of a kind. @param random - Its own stream. */
export function createWorkload(kind: string, random: SeededRandom): Workload {
  const create = factories[kind];
  if (create === undefined) throw new Error(`Cannot make workload "${kind}": unknown kind`);
  return create(random);
}
