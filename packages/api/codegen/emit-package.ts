import { emitDecode } from "./emit-decode.ts";
import { emitEncode } from "./emit-encode.ts";
import { emitCreate, emitEnum, emitInterfaces } from "./emit-types.ts";
import { toFileStem } from "./names.ts";
import type { FieldSchema, MessageSchema, PackageSchema, Schema } from "./schema.ts";

/** First lines of every generated file. */
export const generatedHeader =
  "// Generated from packages/api/proto by `npm run generate -w @quorate/api`. Do not edit.\n";

/** The source of the codecs of one package. */
export function emitPackage(schema: PackageSchema, all: Schema): string {
  const shared = sharedTypes(all);
  const body = [
    ...schema.enums.map(emitEnum),
    ...schema.messages.flatMap((message) => {
      const isShared = shared.has(message.typeName);
      return [
        emitInterfaces(message),
        emitDecode(message, isShared),
        emitEncode(message, isShared),
        emitCreate(message, isShared),
      ];
    }),
  ].join("");
  const needsNoLengths = body.includes("noLengths");
  return (
    generatedHeader +
    emitImports(schema, body) +
    (needsNoLengths ? "\nconst noLengths: number[] = [];\n" : "") +
    body
  );
}

const sizeFunctions = [
  "bytesSize",
  "checkedUint32Size",
  "int32Size",
  "int64ExactSize",
  "int64Size",
  "stringSize",
  "uint64ExactSize",
  "uint64Size",
];

function emitImports(schema: PackageSchema, body: string): string {
  const isUsed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(body);
  const readerNames = ["emptyBytes", "Reader"].filter(isUsed);
  const writerNames = [...sizeFunctions, "Writer"].filter(isUsed);
  const lines = [
    `import { ${readerNames.join(", ")} } from "../reader.ts";`,
    `import { ${writerNames.join(", ")} } from "../writer.ts";`,
  ];
  for (const [packageName, typeNames] of foreignTypes(schema)) {
    const names = [...typeNames]
      .sort()
      .flatMap((name) => [
        `create${name}`,
        `merge${name}`,
        `size${name}`,
        `write${name}`,
        `type ${name}`,
        `type ${name}Init`,
      ]);
    lines.push(`import { ${names.join(", ")} } from "./${toFileStem(packageName)}.ts";`);
  }
  return `${lines.sort().join("\n")}\n`;
}

/** Message types of other packages that fields of this one have, by package. */
function foreignTypes(schema: PackageSchema): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { type } of schema.messages.flatMap(fieldsOf)) {
    if (type.kind !== "message" || type.packageName === schema.name) continue;
    const names = found.get(type.packageName) ?? new Set();
    found.set(type.packageName, names.add(type.typeName));
  }
  return found;
}

/** Message types that another package's file needs the inner functions of. */
function sharedTypes({ packages }: Schema): Set<string> {
  return new Set(
    packages.flatMap((schema) => [...foreignTypes(schema).values()].flatMap((names) => [...names])),
  );
}

function fieldsOf({ slots }: MessageSchema): readonly FieldSchema[] {
  return slots.flatMap((slot) => (slot.kind === "field" ? [slot] : slot.members));
}
