import fc from "fast-check";
import protobuf from "protobufjs";
import { join } from "node:path";
import * as api from "../src/index.ts";
import {
  loadSchema,
  type FieldSchema,
  type FieldType,
  type MessageSchema,
  type Scalar,
  type Slot,
} from "../codegen/schema.ts";

/** A decoded message of any type. */
export type Message = Record<string, unknown>;

/** The codec of one message type with what a test needs to handle it in general. */
export interface MessageType {
  readonly schema: MessageSchema;
  readonly decode: (bytes: Uint8Array) => Message;
  readonly encode: (message: Message) => Uint8Array;
  /** The same type in protobufjs, which serves as an oracle. */
  readonly reflected: protobuf.Type;
}

const folder = join(import.meta.dirname, "../proto");
const schemas = loadSchema(folder).packages.flatMap(({ messages }) => messages);
const root = loadReflected();

/** Every message type of the package. */
export const messageTypes: readonly MessageType[] = schemas.map((schema) => ({
  schema,
  decode: functionOf(`decode${schema.typeName}`) as MessageType["decode"],
  encode: functionOf(`encode${schema.typeName}`) as MessageType["encode"],
  reflected: root.lookupType(schema.fullName),
}));

/** Messages of a type, nested at most `depth` deep. */
export function arbitraryMessage(schema: MessageSchema, depth = 3): fc.Arbitrary<Message> {
  return fc.record(
    Object.fromEntries(schema.slots.map((slot) => [slot.name, arbitrarySlot(slot, depth)])),
    { noNullPrototype: true },
  );
}

/** The object from which protobufjs encodes the same message: without defaults, as proto3 wants. */
export function toReflected(schema: MessageSchema, message: Message): Message {
  const reflected: Message = {};
  for (const slot of schema.slots) {
    const value = message[slot.name];
    if (slot.kind === "oneof") {
      const present = value as { case: string; value: unknown } | undefined;
      const member = slot.members.find(({ name }) => name === present?.case);
      if (member !== undefined)
        reflected[member.protoName] = reflectOne(member.type, present?.value);
    } else if (slot.cardinality === "map") {
      const entries = [...(value as Map<string, unknown>)];
      reflected[slot.protoName] = Object.fromEntries(
        entries.map(([key, item]) => [key, reflectOne(slot.type, item)]),
      );
    } else if (slot.cardinality === "repeated") {
      reflected[slot.protoName] = (value as unknown[]).map((item) => reflectOne(slot.type, item));
    } else if (!isDefault(value)) {
      reflected[slot.protoName] = reflectOne(slot.type, value);
    }
  }
  return reflected;
}

/** What decoding the bytes of `first` and then `second` as one message must give. */
export function mergeModel(schema: MessageSchema, first: Message, second: Message): Message {
  const merged: Message = {};
  for (const slot of schema.slots) {
    const [a, b] = [first[slot.name], second[slot.name]];
    merged[slot.name] =
      slot.kind === "oneof" ? mergeOneof(slot.members, a, b) : mergeField(slot, a, b);
  }
  return merged;
}

function mergeField(field: FieldSchema, a: unknown, b: unknown): unknown {
  if (field.cardinality === "repeated") return [...(a as unknown[]), ...(b as unknown[])];
  if (field.cardinality === "map") {
    return new Map([...(a as Map<string, unknown>), ...(b as Map<string, unknown>)]);
  }
  if (isDefault(b)) return a;
  if (field.type.kind !== "message" || a === undefined) return b;
  return mergeModel(schemaOf(field.type.typeName), a as Message, b as Message);
}

function mergeOneof(members: readonly FieldSchema[], a: unknown, b: unknown): unknown {
  if (b === undefined) return a;
  const first = a as { case: string; value: unknown } | undefined;
  const second = b as { case: string; value: unknown };
  const member = members.find(({ name }) => name === second.case);
  if (first?.case !== second.case || member?.type.kind !== "message") return b;
  const schema = schemaOf(member.type.typeName);
  return {
    case: second.case,
    value: mergeModel(schema, first.value as Message, second.value as Message),
  };
}

/** protobufjs keeps a map as an object, which puts keys that look like indexes first. */
function arbitraryKey(): fc.Arbitrary<string> {
  return arbitraryText().filter((key) => !/^(0|[1-9]\d*)$/.test(key));
}

function arbitrarySlot(slot: Slot, depth: number): fc.Arbitrary<unknown> {
  if (slot.kind === "oneof") {
    const members = slot.members
      .filter(({ type }) => type.kind !== "message" || depth > 0)
      .map((member) =>
        fc.record(
          { case: fc.constant(member.name), value: arbitraryOne(member.type, depth) },
          { noNullPrototype: true },
        ),
      );
    return fc.oneof(fc.constant(undefined), ...members);
  }
  const { type, cardinality } = slot;
  const isNested = type.kind === "message";
  switch (cardinality) {
    case "repeated":
      if (isNested && depth === 0) return fc.constant([]);
      return fc.array(arbitraryOne(type, depth), { maxLength: 3 });
    case "map":
      return fc
        .array(fc.tuple(arbitraryKey(), arbitraryOne(type, depth)), { maxLength: 3 })
        .map((entries) => new Map(entries));
    case "single":
      if (isNested && depth === 0) return fc.constant(undefined);
      return isNested
        ? fc.option(arbitraryOne(type, depth), { nil: undefined })
        : arbitraryOne(type, 0);
  }
}

function arbitraryOne(type: FieldType, depth: number): fc.Arbitrary<unknown> {
  if (type.kind === "message") return arbitraryMessage(schemaOf(type.typeName), depth - 1);
  return arbitraryScalar(type.kind === "enum" ? "int32" : type.scalar);
}

function arbitraryScalar(scalar: Scalar): fc.Arbitrary<unknown> {
  const safe = Number.MAX_SAFE_INTEGER;
  switch (scalar) {
    case "bool":
      return fc.boolean();
    case "bytes":
      return fc.uint8Array({ maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
    case "string":
      return arbitraryText();
    case "int32":
      return fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer());
    case "uint32":
      return fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffffffff }));
    case "int64":
      return bits(53).chain((max) => fc.integer({ min: Math.max(-max, -safe), max }));
    case "uint64":
      return bits(53).chain((max) => fc.integer({ min: 0, max }));
    case "int64-exact":
      return fc.oneof(fc.constant(0n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
    case "uint64-exact":
      return fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
  }
}

/** 2^n - 1 for n up to `limit`, so that every length of a varint is as likely as any other. */
function bits(limit: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: limit }).map((count) => 2 ** count - 1);
}

/** Well-formed text with characters of one to four bytes. */
function arbitraryText(): fc.Arbitrary<string> {
  const point = fc.oneof(
    fc.integer({ min: 0x20, max: 0x7e }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  );
  return fc.array(point, { maxLength: 60 }).map((points) => String.fromCodePoint(...points));
}

function reflectOne(type: FieldType, value: unknown): unknown {
  if (type.kind === "message") return toReflected(schemaOf(type.typeName), value as Message);
  if (type.kind !== "scalar") return value;
  switch (type.scalar) {
    case "int64":
    case "int64-exact":
      return toLong(String(value), false);
    case "uint64":
    case "uint64-exact":
      return toLong(String(value), true);
    default:
      return value;
  }
}

/** The 64-bit integers of protobufjs, whose types do not tell of this function. */
function toLong(text: string, isUnsigned: boolean): unknown {
  const { fromString } = protobuf.util.Long as unknown as {
    fromString(text: string, isUnsigned: boolean): unknown;
  };
  return fromString(text, isUnsigned);
}

function isDefault(value: unknown): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === undefined || value === 0 || value === 0n || value === "" || value === false;
}

function schemaOf(typeName: string): MessageSchema {
  const schema = schemas.find((candidate) => candidate.typeName === typeName);
  if (schema === undefined) throw new Error(`Cannot find type "${typeName}"`);
  return schema;
}

function functionOf(name: string): unknown {
  const found: unknown = Reflect.get(api, name);
  if (typeof found !== "function") throw new Error(`The package does not export "${name}"`);
  return found;
}

function loadReflected(): protobuf.Root {
  const loaded = new protobuf.Root();
  loaded.resolvePath = (_origin, target) => join(folder, target);
  const files = new Set(schemas.map(({ packageName }) => packageName.replaceAll(".", "-")));
  return loaded.loadSync(
    [...files].map((stem) => `${stem}.proto`),
    { keepCase: true },
  );
}

/** Prints the fields of a message that do not have their defaults, one a line. */
export function printMessage(message: object, indent = ""): string {
  return Object.entries(message)
    .filter(([, value]) => !isDefault(value) && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => printField(name, value, indent))
    .join("\n");
}

function printField(name: string, value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    return value.map((item) => printField(`${name}[]`, item, indent)).join("\n");
  }
  if (value instanceof Map) {
    return [...value].map(([key, item]) => printField(`${name}[${key}]`, item, indent)).join("\n");
  }
  if (value instanceof Uint8Array) {
    return `${indent}${name}: ${JSON.stringify(Buffer.from(value).toString("latin1"))}`;
  }
  if (typeof value === "object" && value !== null) {
    const inner = printMessage(value, `${indent}  `);
    return `${indent}${name}${inner === "" ? ": {}" : `\n${inner}`}`;
  }
  const text = typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
  return `${indent}${name}: ${text.replaceAll("\ufeff", "\\ufeff")}`;
}
