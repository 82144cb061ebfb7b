import { isDeepStrictEqual } from "node:util";
import type { Plain } from "./plain.ts";

/** One thing that was asked of a store, and what came back. */
export interface Exchange {
  /** What was asked or looked at. */
  readonly request: string;
  readonly answer: Plain;
}

/**
 * Describes every exchange in which two transcripts differ, both answers beside each other.
 *
 * @returns Empty when the transcripts agree.
 */
export function differences(
  model: readonly Exchange[],
  other: readonly Exchange[],
  names: readonly [string, string],
): readonly string[] {
  const found: string[] = [];
  for (let index = 0; index < Math.max(model.length, other.length); index += 1) {
    const [one, two] = [model[index], other[index]];
    if (isDeepStrictEqual(one, two)) continue;
    const request = one?.request ?? two?.request ?? "";
    const asked = one !== undefined && two !== undefined && one.request !== two.request;
    found.push(
      [
        `#${index + 1} ${request}`,
        ...(asked ? [`  but ${names[1]} was asked: ${two.request}`] : []),
        ...differingFields(one?.answer, two?.answer).map(
          ([path, left, right]) =>
            `  at ${path === "" ? "answer" : path}\n` +
            `    ${names[0].padEnd(8)}${show(left)}\n    ${names[1].padEnd(8)}${show(right)}`,
        ),
      ].join("\n"),
    );
  }
  return found;
}

type FieldDifference = readonly [path: string, left: Plain, right: Plain];

/** The smallest parts in which two answers differ. */
function differingFields(left: Plain, right: Plain, path = ""): readonly FieldDifference[] {
  if (isDeepStrictEqual(left, right)) return [];
  if (!isRecord(left) || !isRecord(right)) return [[path, left, right]];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].flatMap((name) =>
    differingFields(left[name], right[name], path === "" ? name : `${path}.${name}`),
  );
}

function isRecord(value: Plain): value is { readonly [name: string]: Plain } {
  return typeof value === "object" && !Array.isArray(value);
}

function show(value: Plain): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
