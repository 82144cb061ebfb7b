import type { EnumSchema, FieldSchema, MessageSchema, Scalar } from "./schema.ts";

const scalarTypes: Readonly<Record<Scalar, string>> = {
  bool: "boolean",
  bytes: "Uint8Array",
  int32: "number",
  int64: "number",
  "int64-exact": "bigint",
  string: "string",
  uint32: "number",
  uint64: "number",
  "uint64-exact": "bigint",
};

const scalarDefaults: Readonly<Record<Scalar, string>> = {
  bool: "false",
  bytes: "emptyBytes",
  int32: "0",
  int64: "0",
  "int64-exact": "0n",
  string: '""',
  uint32: "0",
  uint64: "0",
  "uint64-exact": "0n",
};

/** The constant and the type of an enum. */
export function emitEnum(schema: EnumSchema): string {
  const { typeName, fullName, comment, values } = schema;
  return `
/**
 * ${comment}
 *
 * Numbers of \`${fullName}\`; fields hold any number, known or not.
 */
export const ${typeName} = {
${values.map(([name, number]) => `  ${name}: ${number},`).join("\n")}
} as const;

/** One of the numbers of {@link ${typeName}}. */
export type ${typeName} = (typeof ${typeName})[keyof typeof ${typeName}];
`;
}

/** The decoded form, the form to encode from and the unions of the oneofs of a message. */
export function emitInterfaces(schema: MessageSchema): string {
  const { typeName, fullName, comment } = schema;
  return `
/**
 * ${comment}
 *
 * \`${fullName}\` as decoded: every field is there.
 */
export interface ${typeName} {${body(schema, "decoded")}}

/** {@link ${typeName}} to encode: what is absent has its default. */
export interface ${typeName}Init {${body(schema, "init")}}
${emitUnions(schema, "decoded")}${emitUnions(schema, "init")}`;
}

/** The function that makes a message of defaults; only for the generated code. */
export function emitCreate(schema: MessageSchema, isShared: boolean): string {
  const { typeName, slots } = schema;
  const lines = slots.map((slot) => `    ${slot.name}: ${defaultOf(slot)},`);
  return `
${isShared ? "/** @internal */\nexport " : ""}function create${typeName}(): ${typeName} {
  return {
${lines.join("\n")}
  };
}
`;
}

type Form = "decoded" | "init";

function body(schema: MessageSchema, form: Form): string {
  const lines = schema.slots.map((slot) => {
    if (slot.kind === "oneof") {
      const type = slot.typeName + suffix(form);
      return form === "init"
        ? `  readonly ${slot.name}?: ${type} | undefined;`
        : `  ${slot.name}: ${type} | undefined;`;
    }
    const doc = slot.type.kind === "enum" ? `  /** See {@link ${slot.type.typeName}}. */\n` : "";
    const type = typeOf(slot, form);
    if (form === "init") return `${doc}  readonly ${slot.name}?: ${type} | undefined;`;
    const isOptional = slot.cardinality === "single" && slot.type.kind === "message";
    return `${doc}  ${slot.name}: ${type}${isOptional ? " | undefined" : ""};`;
  });
  return lines.length === 0 ? "" : `\n${lines.join("\n")}\n`;
}

function emitUnions(schema: MessageSchema, form: Form): string {
  return schema.slots
    .filter((slot) => slot.kind === "oneof")
    .map((oneof) => {
      const members = oneof.members.map(
        (member) =>
          `  | { readonly case: "${member.name}"; readonly value: ${typeOf(member, form)} }`,
      );
      const what = `oneof \`${oneof.protoName}\` of {@link ${schema.typeName}${suffix(form)}}`;
      return `
/** The ${what}: at most one of its fields. */
export type ${oneof.typeName}${suffix(form)} =
${members.join("\n")};
`;
    })
    .join("");
}

function typeOf(field: FieldSchema, form: Form): string {
  const type = valueTypeOf(field, form);
  const isInit = form === "init";
  switch (field.cardinality) {
    case "single":
      return type;
    case "repeated":
      return isInit ? `readonly ${type}[]` : `${type}[]`;
    case "map":
      return isInit ? `ReadonlyMap<string, ${type}>` : `Map<string, ${type}>`;
  }
}

function valueTypeOf({ type }: FieldSchema, form: Form): string {
  switch (type.kind) {
    case "scalar":
      return scalarTypes[type.scalar];
    case "enum":
      return "number";
    case "message":
      return type.typeName + suffix(form);
  }
}

function defaultOf(slot: MessageSchema["slots"][number]): string {
  if (slot.kind === "oneof") return "undefined";
  if (slot.cardinality === "repeated") return "[]";
  if (slot.cardinality === "map") return "new Map()";
  if (slot.type.kind === "message") return "undefined";
  return slot.type.kind === "enum" ? "0" : scalarDefaults[slot.type.scalar];
}

function suffix(form: Form): string {
  return form === "init" ? "Init" : "";
}
