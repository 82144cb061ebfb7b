/** Makes a failing plan smaller while it fails alike (D11). */
import type { FaultKind, FaultPlan } from "./fault-plan.ts";
import { isSame, plainSettings, specialSettings } from "./plain-plan.ts";
import type { Plan } from "./plan.ts";

/** How a plan fails alike. */
export interface AlikeFailure {
  /** When, in virtual milliseconds. */
  readonly atMillis: number;
  /** Names of the clients that there were. */
  readonly clients: readonly string[];
}

/** Plays a plan; undefined when it does not fail, or not alike. */
export type FailsAlike = (plan: Plan) => Promise<AlikeFailure | undefined>;

/** What a search for a smaller plan can be given. */
export interface ShrinkOptions {
  /** Gets a line for each step that made the plan smaller. @default nobody */
  readonly tell?: (line: string) => void;
  /** Gets the name of each step that begins, and what is left for it. @default nobody */
  readonly onStep?: (step: string) => void;
  /** Whether to stop with what has been found. @default never */
  readonly isOver?: () => boolean;
  /** Gets each smaller plan at once. @default nobody */
  readonly onSmaller?: (plan: Plan) => void;
}

/** One way to make a plan smaller. */
interface Step {
  readonly name: string;
  /** What is left of what it makes less of. */
  readonly measure: (plan: Plan) => string;
  readonly take: (search: Search) => Promise<void>;
}

/** The smallest plan that is known to fail alike. */
class Search {
  best: Plan;
  failure: AlikeFailure;
  readonly #fails: FailsAlike;
  readonly #options: ShrinkOptions;

  constructor(plan: Plan, failure: AlikeFailure, fails: FailsAlike, options: ShrinkOptions) {
    this.#fails = fails;
    this.#options = options;
    this.best = plan;
    this.failure = failure;
    this.#take(plan, failure);
  }

  /** Whether it fails before the healing. */
  get isEarly(): boolean {
    return this.failure.atMillis < this.best.faultyMillis;
  }

  get isOver(): boolean {
    return this.#options.isOver?.() === true;
  }

  /**
   * Goes on with the plan, changed, if that fails alike. What has failed before the healing must go
   * on doing so: it gets more time for it, and then as much as it took.
   *
   * @param beforeMillis - And earlier than this.
   */
  async attempt(change: Partial<Plan>, beforeMillis: number = Infinity): Promise<boolean> {
    if (this.isOver) return false;
    const plan = { ...this.best, ...change };
    if (isSame(plan, this.best)) return false;
    const played = this.isEarly ? { ...plan, faultyMillis: 2 * plan.faultyMillis + 500 } : plan;
    const failure = await this.#fails(played);
    if (failure === undefined || failure.atMillis >= beforeMillis) return false;
    if (this.isEarly && failure.atMillis >= played.faultyMillis) return false;
    this.#take(played, failure);
    return true;
  }

  /** Nothing that comes after a failure has a part in it. */
  #take(plan: Plan, failure: AlikeFailure): void {
    const isEarly = failure.atMillis < plan.faultyMillis;
    const end = Math.ceil(failure.atMillis) + 1;
    this.best = isEarly ? { ...plan, ...endingAt(plan, end) } : plan;
    this.failure = failure;
    this.#options.onSmaller?.(this.best);
  }
}

/**
 * Looks for the smallest plan that fails alike. Whole things go first: what comes after the
 * failure, workloads, kinds of faults, faults, members, clients; then settings become plain; then
 * times become shorter. Over again until nothing helps.
 *
 * @param plan - Fails.
 */
export async function shrink(
  plan: Plan,
  fails: FailsAlike,
  options: ShrinkOptions = {},
): Promise<Plan> {
  const failure = await fails(plan);
  if (failure === undefined) return plan;
  const search = new Search(plan, failure, fails, options);
  for (let before: Plan | undefined; before !== search.best && !search.isOver;) {
    before = search.best;
    for (const step of steps) await takeStep(search, step, options);
  }
  return search.best;
}

async function takeStep(
  search: Search,
  { name, measure, take }: Step,
  { tell, onStep }: ShrinkOptions,
): Promise<void> {
  const before = search.best;
  if (search.isOver) return;
  onStep?.(`${name} ${measure(before)}`);
  await take(search);
  const [then, now] = [measure(before), measure(search.best)];
  if (then !== now) tell?.(`${name} ${then} -> ${now}`);
}

const steps: readonly Step[] = [
  { name: "time with faults (ms)", measure: (plan) => `${plan.faultyMillis}`, take: cutTail },
  { name: "workloads", measure: (plan) => `${plan.workloads.length}`, take: dropWorkloads },
  { name: "kinds of faults", measure: (plan) => `${kindsOf(plan).length}`, take: dropKinds },
  { name: "faults", measure: (plan) => `${plan.faults.length}`, take: dropFaults },
  { name: "members", measure: (plan) => `${plan.members}`, take: dropMembers },
  { name: "silent clients", measure: (plan) => `${countSilent(plan)}`, take: silenceClients },
  { name: "special settings", measure: (plan) => `${countSpecial(plan)}`, take: plainGroups },
  { name: "special settings", measure: describeSpecial, take: sharpenSettings },
  { name: "calm time (ms)", measure: (plan) => `${plan.calmMillis ?? "usual"}`, take: dropCalm },
  { name: "times of faults (ms)", measure: describeTimes, take: shortenFaults },
];

/** What is judged at the end, or needs the healing, gets an earlier end. */
async function cutTail(search: Search): Promise<void> {
  if (search.isEarly) return;
  const faultyMillis = Math.ceil(search.failure.atMillis) + 1;
  if (await search.attempt({ faultyMillis }, faultyMillis)) return;
  await bisectTail(search);
}

async function bisectTail(search: Search): Promise<void> {
  let tooShort = 0;
  while (search.best.faultyMillis - tooShort > 50 && !search.isOver) {
    const faultyMillis = Math.floor((search.best.faultyMillis + tooShort) / 2);
    if (!(await search.attempt(endingAt(search.best, faultyMillis)))) tooShort = faultyMillis;
  }
}

function endingAt({ faults }: Plan, faultyMillis: number): Partial<Plan> {
  return { faultyMillis, faults: faults.filter(({ atMillis }) => atMillis < faultyMillis) };
}

async function dropWorkloads(search: Search): Promise<void> {
  if (await search.attempt({ workloads: [] })) return;
  await dropParts(search.best.workloads, (workloads) => search.attempt({ workloads }));
}

async function dropKinds(search: Search): Promise<void> {
  if (await search.attempt({ faults: [] })) return;
  for (const kind of kindsOf(search.best)) {
    await search.attempt({ faults: search.best.faults.filter((fault) => fault.kind !== kind) });
  }
}

async function dropFaults(search: Search): Promise<void> {
  await dropParts(search.best.faults, (faults) => search.attempt({ faults }));
}

/** Delta debugging: ever smaller parts of a list are left out. */
async function dropParts<Item>(
  items: readonly Item[],
  attempt: (items: readonly Item[]) => Promise<boolean>,
): Promise<void> {
  let best = items;
  for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
    for (let begin = 0; begin < best.length;) {
      const rest = best.filter((_, place) => place < begin || place >= begin + size);
      if (await attempt(rest)) best = rest;
      else begin += size;
    }
  }
}

async function dropMembers(search: Search): Promise<void> {
  for (const members of [1, 2, 3, 5]) {
    if (members >= search.best.members || (await search.attempt({ members }))) return;
  }
}

/** Clients that have no part in the failure do nothing. */
async function silenceClients(search: Search): Promise<void> {
  const silent = new Set(search.best.silentClients ?? []);
  // Those of the workloads that are left: what is named must mean something.
  const loud = search.failure.clients.filter((name) => !silent.has(name));
  await dropParts(loud, (rest) => {
    const clients = search.failure.clients.filter((name) => !rest.includes(name));
    return search.attempt({ silentClients: clients });
  });
}

function countSilent({ silentClients = [] }: Plan): number {
  return silentClients.length;
}

/** Settings that do not matter become plain: all, else group by group, else one by one. */
async function plainGroups(search: Search): Promise<void> {
  if (await search.attempt(plainSettings)) return;
  const { timing, machine, network, probeMillis, isCoreHealedAlone } = plainSettings;
  await search.attempt({ isCoreHealedAlone });
  await search.attempt({ probeMillis });
  await plainFields(search, "network", network);
  await plainFields(search, "machine", machine);
  const { limits } = search.best.timing;
  if (await search.attempt({ timing })) return;
  await search.attempt({ timing: { ...timing, limits } });
  await plainFields(search, "timing", timing);
}

async function plainFields<Group extends "network" | "machine" | "timing">(
  search: Search,
  group: Group,
  plain: Plan[Group],
): Promise<void> {
  if (await search.attempt({ [group]: plain })) return;
  for (const [name, value] of Object.entries(plain)) {
    await search.attempt({ [group]: { ...search.best[group], [name]: value as unknown } });
  }
}

/** Settings that do matter become sharp, where that brings the failure earlier. */
async function sharpenSettings(search: Search): Promise<void> {
  const { machine, timing } = search.best;
  const plain = plainSettings;
  if (machine.segmentBytes !== plain.machine.segmentBytes) {
    await search.attempt({ machine: { ...machine, segmentBytes: 4_096 } }, search.failure.atMillis);
  }
  if (timing.snapshotCount === plain.timing.snapshotCount) return;
  for (const snapshotCount of [5, 10, 20]) {
    const eager = { ...timing, snapshotCount };
    if (await search.attempt({ timing: eager }, search.failure.atMillis)) return;
  }
}

async function dropCalm(search: Search): Promise<void> {
  if (search.isEarly) return;
  await search.attempt({ calmMillis: 0 });
}

/** Faults begin earlier and last less long. */
async function shortenFaults(search: Search): Promise<void> {
  const first = search.best.faults[0]?.atMillis ?? 0;
  const faultyMillis = search.best.faultyMillis;
  for (const millis of [first, first >> 1, first >> 2]) {
    if (millis === 0) continue;
    const faults = search.best.faults.map((fault) => {
      return { ...fault, atMillis: fault.atMillis - millis };
    });
    if (await search.attempt({ faults, faultyMillis: faultyMillis - millis })) break;
  }
  for (let place = 0; place < search.best.faults.length; place += 1) {
    while (await search.attempt(withShorter(search.best, place)));
  }
}

function withShorter({ faults }: Plan, place: number): Partial<Plan> {
  const shorter = (fault: FaultPlan): FaultPlan => {
    if (!("forMillis" in fault) || fault.forMillis < 20) return fault;
    return { ...fault, forMillis: fault.forMillis >> 1 };
  };
  return { faults: faults.map((fault, own) => (own === place ? shorter(fault) : fault)) };
}

function kindsOf({ faults }: Plan): readonly FaultKind[] {
  return [...new Set(faults.map(({ kind }) => kind))];
}

function describeTimes({ faults }: Plan): string {
  const lasts = faults.map((fault) => ("forMillis" in fault ? fault.forMillis : 0));
  return `${lasts.reduce((sum, millis) => sum + millis, 0)}`;
}

function describeSpecial(plan: Plan): string {
  const texts = specialSettings(plan).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return texts.join(", ") || "none";
}

function countSpecial(plan: Plan): number {
  return specialSettings(plan).length;
}
