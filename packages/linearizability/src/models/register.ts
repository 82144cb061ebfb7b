import { partitionBy, type Model } from "../model.ts";

/** What is asked of one of many registers, each named by a key. */
export type RegisterInput =
  | { readonly key: string; readonly kind: "read" }
  | { readonly key: string; readonly kind: "write"; readonly value: string }
  | {
      readonly key: string;
      readonly kind: "compare-and-set";
      readonly expected: string;
      readonly value: string;
    };

/** What a register answers. */
export type RegisterOutput =
  /** To a read; undefined before the first write. */
  | { readonly kind: "value"; readonly value: string | undefined }
  /** To a write. */
  | { readonly kind: "done" }
  /** To a compare-and-set. */
  | { readonly kind: "compared"; readonly isSet: boolean };

/** What a register holds. */
export interface RegisterState {
  /** Undefined before the first write. */
  readonly value: string | undefined;
}

const unchanged = (isLegal: boolean, state: RegisterState): RegisterState | undefined =>
  isLegal ? state : undefined;

/** Registers with read, write and compare-and-set; keys are judged one by one. */
export const registerModel: Model<RegisterState, RegisterInput, RegisterOutput> = {
  initial: { value: undefined },
  step: (state, input, output) => {
    switch (input.kind) {
      case "read":
        return unchanged(
          output === undefined || (output.kind === "value" && output.value === state.value),
          state,
        );
      case "write":
        if (output !== undefined && output.kind !== "done") return undefined;
        return { value: input.value };
      case "compare-and-set": {
        const isSet = state.value === input.expected;
        if (output !== undefined && !(output.kind === "compared" && output.isSet === isSet)) {
          return undefined;
        }
        return isSet ? { value: input.value } : state;
      }
    }
  },
  stateKey: ({ value }) => (value === undefined ? "" : `=${value}`),
  partition: (history) => partitionBy(history, ({ key }) => key),
  describe: (input, output) => `${describeInput(input)}${describeOutput(output)}`,
  describeState: ({ value }) => quote(value),
};

function describeInput(input: RegisterInput): string {
  switch (input.kind) {
    case "read":
      return `read ${input.key}`;
    case "write":
      return `write ${input.key} = ${quote(input.value)}`;
    case "compare-and-set":
      return `set ${input.key} = ${quote(input.value)} if ${quote(input.expected)}`;
  }
}

function describeOutput(output: RegisterOutput | undefined): string {
  switch (output?.kind) {
    case "value":
      return `, answered ${quote(output.value)}`;
    case "compared":
      return output.isSet ? ", it was" : ", it was not";
    default:
      return "";
  }
}

function quote(value: string | undefined): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
