import type { FieldSchema, FieldType, MessageSchema, Scalar, Slot } from "./schema.ts";
import { isPackable, tagOf, wireTypeOf } from "./wire-type.ts";

const readers: Readonly<Record<Scalar, string>> = {
  bool: "reader.bool()",
  bytes: "reader.view()",
  int32: "reader.int32()",
  int64: "reader.int64()",
  "int64-exact": "reader.int64Exact()",
  string: "reader.string()",
  uint32: "reader.uint32()",
  uint64: "reader.uint64()",
  "uint64-exact": "reader.uint64Exact()",
};

/**
 * The function that reads fields into a message, and the one that decodes bytes.
 *
 * Reading into an existing message is what merges a second occurrence of a nested one.
 */
export function emitDecode(schema: MessageSchema, isShared: boolean): string {
  const { typeName, fullName } = schema;
  const fields = schema.slots.flatMap(toCaseFields);
  const cases = fields.flatMap(({ field, oneof }) => emitCases(field, oneof));
  const message = fields.length === 0 ? "_message" : "message";
  const shared = isShared ? "/** @internal */\nexport " : "";
  return `
${shared}function merge${typeName}(reader: Reader, ${message}: ${typeName}): void {
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    ${emitSwitch(cases, emitIsKnown(fields.map(({ field }) => field.number)))}
  }
}

/**
 * Decodes \`${fullName}\`; bytes fields are views into \`bytes\`.
 *
 * @throws DecodeError if \`bytes\` are malformed.
 */
export function decode${typeName}(bytes: Uint8Array): ${typeName} {
  const message = create${typeName}();
  merge${typeName}(new Reader(bytes), message);
  return message;
}
${fields.map(({ field }) => emitMapEntry(schema, field)).join("")}`;
}

/** A field with the property of the oneof that it belongs to, if any. */
interface CaseField {
  readonly field: FieldSchema;
  readonly oneof: string | undefined;
}

function toCaseFields(slot: Slot): CaseField[] {
  if (slot.kind === "field") return [{ field: slot, oneof: undefined }];
  return slot.members.map((field) => ({ field, oneof: slot.name }));
}

function emitSwitch(cases: readonly string[], isKnown: string): string {
  if (cases.length === 0) return "reader.skip(tag);";
  return `switch (tag) {
${cases.join("\n")}
      default:
        reader.skipUnknown(tag, ${isKnown});
    }`;
}

/** An expression that is true for the numbers of known fields, as few comparisons as possible. */
function emitIsKnown(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && range.last === number - 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges
    .map(({ first, last }) => {
      if (first === last) return `tag >>> 3 === ${first}`;
      return first === 1
        ? `tag >>> 3 <= ${last}`
        : `(tag >>> 3 >= ${first} && tag >>> 3 <= ${last})`;
    })
    .join(" || ");
}

function emitCases(field: FieldSchema, oneof: string | undefined): string[] {
  const target = `message.${field.name}`;
  const label = `      case ${tagOf(field.number, wireTypeOf(field))}:`;
  if (oneof !== undefined) return [emitOneofCase(field, oneof, label)];
  const { type } = field;
  if (field.cardinality === "map") {
    return [`${label}\n        read${toMapEntryName(field)}(reader, ${target});\n        break;`];
  }
  if (type.kind === "message") return [emitMessageCase(field, type.typeName, label)];
  if (field.cardinality === "single") {
    return [`${label}\n        ${target} = ${readerOf(type)};\n        break;`];
  }
  const single = `${label}\n        ${target}.push(${readerOf(type)});\n        break;`;
  if (!isPackable(type)) return [single];
  return [single, emitPackedCase(field, readerOf(type))];
}

/** Numbers of a repeated field may come packed into one value, whatever the .proto says. */
function emitPackedCase(field: FieldSchema, read: string): string {
  return `      case ${tagOf(field.number, 2)}: {
        const outerEnd = reader.enterPacked();
        while (reader.offset < reader.end) message.${field.name}.push(${read});
        reader.leave(outerEnd);
        break;
      }`;
}

function emitMessageCase(field: FieldSchema, typeName: string, label: string): string {
  const { name } = field;
  const target =
    field.cardinality === "repeated"
      ? `const nested = create${typeName}();\n        message.${name}.push(nested);`
      : `const nested = (message.${name} ??= create${typeName}());`;
  return `${label} {
        const outerEnd = reader.enter();
        ${target}
        merge${typeName}(reader, nested);
        reader.leave(outerEnd);
        break;
      }`;
}

function emitOneofCase(field: FieldSchema, oneof: string, label: string): string {
  const { name, type } = field;
  if (type.kind !== "message") {
    const value = readerOf(type);
    return `${label}
        message.${oneof} = { case: "${name}", value: ${value} };
        break;`;
  }
  return `${label} {
        const outerEnd = reader.enter();
        const previous = message.${oneof};
        const value = previous?.case === "${name}" ? previous.value : create${type.typeName}();
        merge${type.typeName}(reader, value);
        message.${oneof} = { case: "${name}", value };
        reader.leave(outerEnd);
        break;
      }`;
}

function emitMapEntry(schema: MessageSchema, field: FieldSchema): string {
  if (field.cardinality !== "map") return "";
  if (field.type.kind !== "message") throw new Error(`Cannot generate map ${schema.fullName}`);
  const value = field.type.typeName;
  return `
function read${toMapEntryName(field)}(reader: Reader, map: Map<string, ${value}>): void {
  const outerEnd = reader.enter();
  let key = "";
  const value = create${value}();
  while (reader.offset < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case 10:
        key = reader.string();
        break;
      case 18: {
        const entryEnd = reader.enter();
        merge${value}(reader, value);
        reader.leave(entryEnd);
        break;
      }
      default:
        reader.skipUnknown(tag, tag >>> 3 <= 2);
    }
  }
  map.set(key, value);
  reader.leave(outerEnd);
}
`;
}

function toMapEntryName(field: FieldSchema): string {
  return `${field.name.charAt(0).toUpperCase()}${field.name.slice(1)}Entry`;
}

function readerOf(type: FieldType): string {
  if (type.kind === "scalar") return readers[type.scalar];
  if (type.kind === "enum") return "reader.int32()";
  throw new Error("Cannot read a message as a scalar");
}
