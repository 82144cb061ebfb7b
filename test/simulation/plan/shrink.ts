/** Makes a failing plan smaller while it fails alike (D11). */
import type { FaultKind } from "./fault-plan.ts";
import type { Plan } from "./plan.ts";

/** Whether a plan still fails in the same way. */
export type Fails = (plan: Plan) => Promise<boolean>;

/**
 * Looks for the smallest plan that fails alike: cuts the tail, whole kinds of faults, workloads,
 * single faults by halves and then one by one, and members.
 *
 * @param tell - Gets one line for each success.
 */
export async function shrink(
  plan: Plan,
  fails: Fails,
  tell: (line: string) => void = () => undefined,
): Promise<Plan> {
  let smallest = plan;
  for (let size = Infinity; sizeOf(smallest) < size;) {
    size = sizeOf(smallest);
    for (const step of [cutTail, dropKinds, dropWorkloads, dropFaults, dropMembers, plainLimits]) {
      smallest = await step(smallest, fails);
      tell(describe(smallest));
    }
  }
  return smallest;
}

function sizeOf({ faults, workloads, members, faultyMillis }: Plan): number {
  return faultyMillis / 1000 + 10 * faults.length + 10 * workloads.length + 10 * members;
}

function describe({ faults, workloads, members, faultyMillis }: Plan): string {
  return (
    `${members} members, ${workloads.length} workloads, ${faults.length} faults, ` +
    `${faultyMillis} ms`
  );
}

/** The shortest safety phase, by halves. */
async function cutTail(plan: Plan, fails: Fails): Promise<Plan> {
  let best = plan;
  let tooShort = 0;
  while (best.faultyMillis - tooShort > 200) {
    const faultyMillis = Math.floor((best.faultyMillis + tooShort) / 2);
    const faults = best.faults.filter(({ atMillis }) => atMillis < faultyMillis);
    const shorter = { ...best, faultyMillis, faults };
    if (await fails(shorter)) best = shorter;
    else tooShort = faultyMillis;
  }
  return best;
}

async function dropKinds(plan: Plan, fails: Fails): Promise<Plan> {
  let best = plan;
  for (const kind of new Set<FaultKind>(plan.faults.map((fault) => fault.kind))) {
    const faults = best.faults.filter((fault) => fault.kind !== kind);
    if (await fails({ ...best, faults })) best = { ...best, faults };
  }
  return best;
}

async function dropWorkloads(plan: Plan, fails: Fails): Promise<Plan> {
  let best = plan;
  for (const { name } of plan.workloads) {
    const workloads = best.workloads.filter((workload) => workload.name !== name);
    if (await fails({ ...best, workloads })) best = { ...best, workloads };
  }
  return best;
}

/** Delta debugging: ever smaller parts of the list are left out. */
async function dropFaults(plan: Plan, fails: Fails): Promise<Plan> {
  let best = plan;
  for (let size = best.faults.length >> 1; size >= 1; size >>= 1) {
    for (let begin = 0; begin < best.faults.length;) {
      const faults = best.faults.filter((_, place) => place < begin || place >= begin + size);
      if (await fails({ ...best, faults })) best = { ...best, faults };
      else begin += size;
    }
  }
  return best;
}

async function dropMembers(plan: Plan, fails: Fails): Promise<Plan> {
  let best = plan;
  for (const members of [1, 2, 3, 5]) {
    if (members >= best.members) return best;
    if (await fails({ ...best, members })) best = { ...best, members };
  }
  return best;
}

/** Settings that do not matter become the usual ones. */
async function plainLimits(plan: Plan, fails: Fails): Promise<Plan> {
  const machine = { ...plan.machine, driftMax: 0, autoCompaction: { mode: "off" } } as const;
  const plain = { ...plan, machine };
  return (await fails(plain)) ? plain : plan;
}
