import type { Operation, RegisterInput, RegisterOutput } from "@quorate/linearizability";

/** An operation on registers. */
export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

/**
 * Reads a history from a picture of time, one line an operation: `|` is a call or a return, `>` at
 * the end is an operation that never returned.
 *
 * ```text
 * a  |---|       x=1
 * b     |-----|  x:1
 * c        |-->  x?1=2
 * ```
 *
 * `x=1` writes, `x:1` reads 1, `x:` reads nothing, `x?1=2+` sets 2 if 1 and it was, `-` it was not.
 */
export function timeline(picture: string): readonly RegisterOperation[] {
  return picture
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .map(toOperation);
}

const linePattern = /^(\w+) +(\|-*[|>])\s+(\w+)([=:?])(\w*)(?:=(\w+)([+-]?))?$/;

function toOperation(line: string): RegisterOperation {
  const match = linePattern.exec(line.trimStart());
  if (match === null) throw new Error(`Cannot read "${line}"`);
  const [, client = "", bar = "", key = "", sign, first = "", second = "", end] = match;
  const callTime = line.indexOf("|");
  const { input, output } = toAction(key, { sign, first, second, end });
  if (bar.endsWith(">"))
    return { client, input, output: undefined, callTime, returnTime: undefined };
  return { client, input, output, callTime, returnTime: callTime + bar.length - 1 };
}

function toAction(
  key: string,
  parts: {
    readonly sign: string | undefined;
    readonly first: string;
    readonly second: string;
    readonly end: string | undefined;
  },
): { readonly input: RegisterInput; readonly output: RegisterOutput } {
  const { sign, first, second, end } = parts;
  if (sign === "=")
    return { input: { key, kind: "write", value: first }, output: { kind: "done" } };
  if (sign === ":") {
    const value = first === "" ? undefined : first;
    return { input: { key, kind: "read" }, output: { kind: "value", value } };
  }
  return {
    input: { key, kind: "compare-and-set", expected: first, value: second },
    output: { kind: "compared", isSet: end === "+" },
  };
}
