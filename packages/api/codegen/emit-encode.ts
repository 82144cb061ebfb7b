import type { FieldSchema, FieldType, MessageSchema, Scalar } from "./schema.ts";
import { isPackable, tagOf, wireTypeOf } from "./wire-type.ts";

/** How a scalar is measured, written and compared with its default; `$` stands for the value. */
interface ScalarEncoding {
  readonly size: string;
  readonly write: string;
  readonly isPresent: string;
}

const number = { write: "writer.varint($);", isPresent: "$ !== 0" };
const exact = { write: "writer.varintExact($);", isPresent: "$ !== 0n" };
const encodings: Readonly<Record<Scalar, ScalarEncoding>> = {
  bool: { size: "1", write: "writer.byte($ ? 1 : 0);", isPresent: "$" },
  bytes: { size: "bytesSize($.length)", write: "writer.view($);", isPresent: "$.length > 0" },
  int32: { size: "int32Size($)", ...number },
  int64: { size: "int64Size($)", ...number },
  "int64-exact": { size: "int64ExactSize($)", ...exact },
  string: { size: "stringSize($)", write: "writer.string($);", isPresent: '$ !== ""' },
  uint32: { size: "checkedUint32Size($)", ...number },
  uint64: { size: "uint64Size($)", ...number },
  "uint64-exact": { size: "uint64ExactSize($)", ...exact },
};

/**
 * The functions that measure, write and encode a message.
 *
 * Measuring notes the size of each nested message in the order in which writing asks for them, so
 * that nothing is measured twice.
 */
export function emitEncode(schema: MessageSchema, isShared: boolean): string {
  const { typeName, fullName, slots } = schema;
  const notesLengths = containsNested(schema);
  const sizes = slots.map((slot) => forSlot(slot, emitFieldSize)).join("\n");
  const writes = slots.map((slot) => forSlot(slot, emitFieldWrite)).join("\n");
  const shared = isShared ? "/** @internal */\nexport " : "";
  const parameters = slots.length === 0 ? "_message" : "message";
  const writer = slots.length === 0 ? "_writer" : "writer";
  const writerArguments = notesLengths ? "lengths), lengths" : "noLengths)";
  const lengths = notesLengths ? "lengths" : "_lengths";
  return `
${shared}function size${typeName}(${parameters}: ${typeName}Init, ${lengths}: number[]): number {
  ${slots.length === 0 ? "return 0;" : `let size = 0;\n${sizes}\n  return size;`}
}

${shared}function write${typeName}(${writer}: Writer, ${parameters}: ${typeName}Init): void {
${writes}
}

/** Encodes \`${fullName}\`. */
export function encode${typeName}(message: ${typeName}Init): Uint8Array {
  ${notesLengths ? "const lengths: number[] = [];" : ""}
  const writer = new Writer(size${typeName}(message, ${writerArguments});
  write${typeName}(writer, message);
  return writer.finish();
}
`;
}

/** Whether measuring a message notes sizes of something nested: messages, packed numbers. */
function containsNested(schema: MessageSchema): boolean {
  return schema.slots
    .flatMap((slot) => (slot.kind === "field" ? [slot] : slot.members))
    .some(({ type, cardinality }) => {
      return type.kind === "message" || (cardinality === "repeated" && isPackable(type));
    });
}

type EmitField = (field: FieldSchema, value: string, isPresent: boolean) => string;

function forSlot(slot: MessageSchema["slots"][number], emit: EmitField): string {
  if (slot.kind === "field") return emit(slot, `message.${slot.name}`, false);
  const cases = slot.members.map(
    (member) => `      case "${member.name}":
        ${emit(member, `${slot.name}.value`, true)}
        break;`,
  );
  return `  const ${slot.name} = message.${slot.name};
  if (${slot.name} !== undefined) {
    switch (${slot.name}.case) {
${cases.join("\n")}
    }
  }`;
}

/** `isPresent`: a member of a oneof, which is encoded even if it has its default. */
function emitFieldSize(field: FieldSchema, value: string, isPresent: boolean): string {
  const { type, cardinality } = field;
  const tagSize = sizeOfTag(field);
  if (isPresent) {
    if (type.kind === "message") return `{ ${sizeOfNested(type, value, tagSize)} }`;
    return `size += ${tagSize} + ${sizeOf(type, value)};`;
  }
  if (cardinality === "map") return emitMapSize(field, value);
  const local = field.name;
  const declare = `const ${local} = ${value};`;
  if (cardinality === "repeated") return declare + emitRepeatedSize(field, local);
  if (type.kind === "message") {
    return `${declare} if (${local} !== undefined) { ${sizeOfNested(type, local, tagSize)} }`;
  }
  return `${declare} if (${presence(type, local)}) size += ${tagSize} + ${sizeOf(type, local)};`;
}

function emitFieldWrite(field: FieldSchema, value: string, isPresent: boolean): string {
  const { type, cardinality } = field;
  const tag = writeTag(field);
  if (isPresent) return `${tag} ${writeOf(type, value)}`;
  if (cardinality === "map") return emitMapWrite(field, value);
  const local = field.name;
  const declare = `const ${local} = ${value};`;
  if (cardinality === "repeated") return declare + emitRepeatedWrite(field, local);
  const condition = type.kind === "message" ? `${local} !== undefined` : presence(type, local);
  return `${declare} if (${condition}) { ${tag} ${writeOf(type, local)} }`;
}

function emitRepeatedSize(field: FieldSchema, local: string): string {
  const { type } = field;
  const tagSize = sizeOfTag(field);
  if (isPackable(type)) {
    return `if (${local} !== undefined && ${local}.length > 0) {
      let length = 0;
      for (const item of ${local}) length += ${sizeOf(type, "item")};
      lengths.push(length);
      size += ${tagSize} + bytesSize(length);
    }`;
  }
  const one =
    type.kind === "message"
      ? sizeOfNested(type, "item", tagSize)
      : `size += ${tagSize} + ${sizeOf(type, "item")};`;
  return `if (${local} !== undefined) { for (const item of ${local}) { ${one} } }`;
}

function emitRepeatedWrite(field: FieldSchema, local: string): string {
  const { type } = field;
  const one = writeOf(type, "item");
  if (isPackable(type)) {
    return `if (${local} !== undefined && ${local}.length > 0) {
      ${writeTag(field, 2)}
      writer.nestedLength();
      for (const item of ${local}) { ${one} }
    }`;
  }
  const each = `for (const item of ${local}) { ${writeTag(field)} ${one} }`;
  return `if (${local} !== undefined) { ${each} }`;
}

/** An entry of a map is a message of key 1 and value 2, both always written. */
function emitMapSize(field: FieldSchema, value: string): string {
  const nested = sizeOfNested(field.type, "value", 1).replaceAll("size +=", "length +=");
  return `if (${value} !== undefined) {
    for (const [key, value] of ${value}) {
      const entrySlot = lengths.push(0) - 1;
      let length = 1 + stringSize(key);
      ${nested.replaceAll("nestedSize", "valueSize")}
      lengths[entrySlot] = length;
      size += ${sizeOfTag(field)} + bytesSize(length);
    }
  }`;
}

function emitMapWrite(field: FieldSchema, value: string): string {
  return `if (${value} !== undefined) {
    for (const [key, value] of ${value}) {
      ${writeTag(field)}
      writer.nestedLength();
      writer.byte(10);
      writer.string(key);
      writer.byte(18);
      ${writeOf(field.type, "value")}
    }
  }`;
}

/** Statements that measure a nested message and note its size before those inside it. */
function sizeOfNested(type: FieldType, value: string, tagSize: number): string {
  if (type.kind !== "message") throw new Error("Cannot nest a scalar");
  return `const slot = lengths.push(0) - 1;
    const nestedSize = size${type.typeName}(${value}, lengths);
    lengths[slot] = nestedSize;
    size += ${tagSize} + bytesSize(nestedSize);`;
}

function sizeOf(type: FieldType, value: string): string {
  if (type.kind === "message") throw new Error("Cannot measure a message as a scalar");
  const size = type.kind === "enum" ? "int32Size($)" : encodings[type.scalar].size;
  return size.replaceAll("$", value);
}

function writeOf(type: FieldType, value: string): string {
  if (type.kind === "message")
    return `writer.nestedLength(); write${type.typeName}(writer, ${value});`;
  const write = type.kind === "enum" ? number.write : encodings[type.scalar].write;
  return write.replaceAll("$", value);
}

/** A condition that is true unless the value is absent or has its default. */
function presence(type: FieldType, value: string): string {
  if (type.kind === "scalar" && type.scalar === "bool") return `${value} === true`;
  const isPresent = type.kind === "scalar" ? encodings[type.scalar].isPresent : number.isPresent;
  return `${value} !== undefined && ${isPresent.replaceAll("$", value)}`;
}

function writeTag(field: FieldSchema, wireType: number = wireTypeOf(field)): string {
  const tag = tagOf(field.number, wireType);
  return tag < 128 ? `writer.byte(${tag});` : `writer.uint32(${tag});`;
}

function sizeOfTag(field: FieldSchema): number {
  return tagOf(field.number, 0) < 128 ? 1 : 2;
}
