/** Checks values that were read from JSON against the types that they claim to have. */

/** What is wrong with a value, as `members is 0, expected ...`; undefined when nothing is. */
export type Check = (value: unknown, path: string) => string | undefined;

/** A check for each field of a type. */
export type Shape<Value> = { readonly [Name in keyof Value]-?: Check };

/** A number from `min` to `max`. */
export function number(min: number, max: number): Check {
  const expected = `a number from ${min} to ${max}`;
  return (value, path) =>
    typeof value === "number" && value >= min && value <= max
      ? undefined
      : wrong(value, path, expected);
}

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): Check {
  const expected = `a whole number from ${min} to ${max}`;
  return (value, path) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max
      ? undefined
      : wrong(value, path, expected);
}

/** `true` or `false`. */
export const boolean: Check = (value, path) =>
  typeof value === "boolean" ? undefined : wrong(value, path, "true or false");

/** One of several values. */
export function oneOf(known: readonly (string | number)[]): Check {
  return (value, path) =>
    known.some((each) => each === value)
      ? undefined
      : wrong(value, path, `one of ${known.join(", ")}`);
}

/** A text of a form, which `expected` describes. */
export function text(form: RegExp, expected: string): Check {
  return (value, path) =>
    typeof value === "string" && form.test(value) ? undefined : wrong(value, path, expected);
}

/** Whatever one of two checks takes. */
export function either(one: Check, other: Check): Check {
  return (value, path) => {
    const problem = one(value, path);
    if (problem === undefined || other(value, path) === undefined) return undefined;
    const [, expected = ""] = (other(value, path) ?? "").split(", expected ");
    return `${problem} or ${expected}`;
  };
}

/** Nothing, or what a check takes. */
export function optional(check: Check): Check {
  return (value, path) => (value === undefined ? undefined : check(value, path));
}

/** A list with so many elements. */
export function listOf(check: Check, { min = 0, max = 100_000 } = {}): Check {
  return (value, path) => {
    if (!Array.isArray(value)) return wrong(value, path, "a list");
    const list: readonly unknown[] = value;
    if (list.length < min || list.length > max) {
      return `${path} has ${list.length} elements, expected ${min} to ${max}`;
    }
    return firstOf(list, (each, place) => check(each, `${path}[${place}]`));
  };
}

/** An object with these fields and no others. */
export function object(fields: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return wrong(value, path, "an object");
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) return `${fieldOf(path, unknown)} is unknown`;
    return firstOf(Object.entries(fields), ([name, check]) =>
      check(value[name], fieldOf(path, name)),
    );
  };
}

/** An object whose other fields depend on the text in one of them. */
export function variant(tag: string, kinds: Readonly<Record<string, Check>>): Check {
  return (value, path) => {
    if (!isObject(value)) return wrong(value, path, "an object");
    const kind = value[tag];
    const isKnown = typeof kind === "string" && Object.hasOwn(kinds, kind);
    const check = isKnown ? kinds[kind] : undefined;
    return check === undefined
      ? oneOf(Object.keys(kinds))(kind, fieldOf(path, tag))
      : check(value, path);
  };
}

function firstOf<Each>(
  list: readonly Each[],
  problemOf: (each: Each, place: number) => string | undefined,
): string | undefined {
  for (const [place, each] of list.entries()) {
    const problem = problemOf(each, place);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldOf(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

function wrong(value: unknown, path: string, expected: string): string {
  const shown = value === undefined ? "missing" : JSON.stringify(value).slice(0, 40);
  return `${path === "" ? "it" : path} is ${shown}, expected ${expected}`;
}
