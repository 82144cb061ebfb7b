/** Histories of registers that come about by really doing the operations at one instant each. */
import {
  registerModel,
  type RegisterInput,
  type RegisterOutput,
  type RegisterState,
} from "@quorate/linearizability";
import type { RegisterOperation } from "./timeline.ts";

/** What one client does next. */
export interface Draw {
  readonly client: number;
  readonly input: RegisterInput;
  /** Time between call and effect, and between effect and return, in steps of the history. */
  readonly before: number;
  readonly after: number;
  /** Whether the answer gets lost, and whether the operation then has an effect. */
  readonly fate: "answered" | "lost" | "lost without effect";
}

/** Runs the draws in their order, each client one operation at a time. */
export function historyOf(draws: readonly Draw[]): readonly RegisterOperation[] {
  const states = new Map<string, RegisterState>();
  const freeAt = new Map<number, number>();
  const planned = draws
    .map((draw, index) => {
      // Fractions keep the instants apart.
      const callTime = Math.max(index, freeAt.get(draw.client) ?? 0) + index / draws.length / 4;
      const effectTime = callTime + draw.before + 0.1;
      const returnTime = effectTime + draw.after + 0.1;
      freeAt.set(draw.client, Math.ceil(returnTime) + 1);
      return { draw, callTime, effectTime, returnTime };
    })
    .sort((one, other) => one.effectTime - other.effectTime);
  return planned.map(({ draw, callTime, returnTime }) => {
    const client = `c${draw.client}`;
    const { input } = draw;
    const output = draw.fate === "lost without effect" ? undefined : take(states, input);
    if (output === undefined || draw.fate === "lost") {
      return { client, input, output: undefined, callTime, returnTime: undefined };
    }
    return { client, input, output, callTime, returnTime };
  });
}

/** Carries an operation out and tells the answer. */
function take(states: Map<string, RegisterState>, input: RegisterInput): RegisterOutput {
  const state = states.get(input.key) ?? registerModel.initial;
  const after = registerModel.step(state, input, undefined);
  if (after !== undefined) states.set(input.key, after);
  switch (input.kind) {
    case "read":
      return { kind: "value", value: state.value };
    case "write":
      return { kind: "done" };
    case "compare-and-set":
      return { kind: "compared", isSet: state.value === input.expected };
  }
}
