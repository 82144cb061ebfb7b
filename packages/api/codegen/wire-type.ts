import type { FieldSchema, FieldType } from "./schema.ts";

/** The tag of a field as a number. */
export function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}

/** The wire type of one value of a field: 0 for numbers, 2 for everything else. */
export function wireTypeOf(field: FieldSchema): number {
  return field.cardinality !== "map" && isPackable(field.type) ? 0 : 2;
}

/** Whether many values of the type fit into one length-delimited value: all numbers do. */
export function isPackable(type: FieldType): boolean {
  if (type.kind === "scalar") return type.scalar !== "bytes" && type.scalar !== "string";
  return type.kind === "enum";
}
