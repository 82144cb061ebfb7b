/** Clients that read and write keys for as long as a run lasts, each with its own real client. */
import { setMaxListeners } from "node:events";
import type { SeededRandom } from "@quorate/platform/sim";
import type { KvAnswer, KvOperation } from "../history/kv-records.ts";
import type { KvRecorder } from "../history/kv-recorder.ts";
import { pause } from "./pacing.ts";
import type { SimClient, WorkloadWorld } from "./workload.ts";

/** How clients behave, drawn once for a run (D7). */
export interface KvLoad {
  readonly clients: number;
  /** Longest wait between two operations of a client. */
  readonly thinkMillisMax: number;
  /** Deadline of a call, the shortest and the longest. */
  readonly deadlineMillis: readonly [number, number];
  /** Share of calls that their caller cancels at some moment (C30). */
  readonly cancelShare: number;
  /** Share of calls in whose midst the client's process ends; another one takes its place. */
  readonly deathShare: number;
  /** Most operations of a client: what histories may cost to judge. */
  readonly operationsMax: number;
}

/** Draws how clients behave. */
export function drawKvLoad(random: SeededRandom): KvLoad {
  return {
    clients: random.between(2, 5),
    thinkMillisMax: random.pick([20, 100, 100, 500]),
    deadlineMillis: random.pick([
      [50, 500],
      [200, 3_000],
      [2_000, 8_000],
    ] as const),
    cancelShare: random.pick([0, 0.02, 0.1]),
    deathShare: random.pick([0, 0, 0.005]),
    operationsMax: 300,
  };
}

/** What one client does. */
export interface KvBehaviour {
  /** The next operation. */
  next(): KvOperation;
  /** What came of it; undefined when no answer came. */
  seen(operation: KvOperation, answer: KvAnswer | undefined): void;
}

/** Everything that a client loop needs. */
export interface KvClientsContext {
  readonly world: WorkloadWorld;
  readonly signal: AbortSignal;
  readonly load: KvLoad;
  readonly recorder: KvRecorder;
  /** The behaviour of one client. @param random - Its own stream. */
  readonly behave: (name: string, random: SeededRandom) => KvBehaviour;
}

/** Runs all clients until the signal aborts or each has done its operations. */
export async function runKvClients(context: KvClientsContext): Promise<void> {
  // All clients of all workloads listen to the one end of the run.
  setMaxListeners(0, context.signal);
  const names = Array.from({ length: context.load.clients }, (_, index) => `c${index}`);
  await Promise.all(names.map((name) => runClient(context, name)));
}

async function runClient(context: KvClientsContext, name: string): Promise<void> {
  const { world, signal, load } = context;
  const random = world.random.split(`client ${name}`);
  const behaviour = context.behave(name, random.split("behaviour"));
  let machine = world.connect(name);
  let lives = 1;
  for (let count = 0; count < load.operationsMax && !signal.aborted; count++) {
    await pause(machine.timers, random.nextInt(load.thinkMillisMax + 1), signal);
    const operation = behaviour.next();
    const isLast = random.chance(load.deathShare);
    const answer = await perform({ ...context, name, machine, random, isLast }, operation);
    behaviour.seen(operation, answer);
    if (!isLast) continue;
    lives++;
    machine.client.close();
    machine = world.connect(`${name} life ${lives}`);
  }
}

interface CallContext extends KvClientsContext {
  readonly name: string;
  readonly machine: SimClient;
  readonly random: SeededRandom;
  /** Whether the client ends in the midst of this call. */
  readonly isLast: boolean;
}

async function perform(
  context: CallContext,
  operation: KvOperation,
): Promise<KvAnswer | undefined> {
  const { world, machine, load, random, recorder, name, isLast } = context;
  const { timers, client } = machine;
  const [shortest, longest] = load.deadlineMillis;
  const deadlineMillis = random.between(shortest, longest);
  const isCancelled = random.chance(load.cancelShare);
  const abort = new AbortController();
  const call = recorder.perform(client, name, operation, { deadlineMillis, signal: abort.signal });
  if (!isCancelled && !isLast) return await call;
  const end = (): void => {
    if (isLast) client.close();
    else abort.abort();
  };
  // At any moment: in the very turn of the call, while the request is on its way, or late.
  const delayMillis = random.pick([0, 0, 1, 5, 20, 100, deadlineMillis]) * random.nextFloat();
  if (delayMillis === 0) end();
  const timer = timers.setTimer(delayMillis, end);
  const answer = await call;
  timer.cancel();
  world.coverage.sometimes("kv: a call was cancelled before its answer", answer === undefined);
  world.coverage.sometimes("kv: a client ended in the midst of a call", isLast);
  return answer;
}
