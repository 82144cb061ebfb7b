import { toFileStem } from "./names.ts";
import type { PackageSchema, Schema } from "./schema.ts";

const marker =
  "// Generated from packages/api/proto, up to the end: `npm run generate -w @quorate/api`.\n";

/** Replaces the generated part of the index, which names every export; the rest is by hand. */
export function emitIndex(current: string, { packages }: Schema): string {
  const [hand] = current.split(marker);
  return `${hand ?? ""}${marker}${packages.map(emitExports).join("\n")}
export { services } from "./gen/services.ts";
`;
}

function emitExports({ name, enums, messages }: PackageSchema): string {
  const names = [
    ...enums.map(({ typeName }) => typeName),
    ...messages.flatMap(({ typeName }) => [`decode${typeName}`, `encode${typeName}`]),
    ...messages.flatMap(({ typeName, slots }) => [
      `type ${typeName}`,
      `type ${typeName}Init`,
      ...slots
        .filter((slot) => slot.kind === "oneof")
        .flatMap((oneof) => [`type ${oneof.typeName}`, `type ${oneof.typeName}Init`]),
    ]),
  ];
  return `export { ${names.join(", ")} } from "./gen/${toFileStem(name)}.ts";`;
}
