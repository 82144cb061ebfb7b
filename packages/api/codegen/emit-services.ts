import { generatedHeader } from "./emit-package.ts";
import { toFileStem } from "./names.ts";
import type { MethodSchema, Schema, ServiceSchema } from "./schema.ts";

/** The source of the table of all services. */
export function emitServices({ packages }: Schema): string {
  const imports = packages.flatMap((schema) => {
    const typeNames = schema.services.flatMap(({ methods }) =>
      methods.flatMap(({ request, response }) => [request, response]),
    );
    const names = [...new Set(typeNames)]
      .sort()
      .flatMap((name) => [`decode${name}`, `encode${name}`, `type ${name}`, `type ${name}Init`]);
    if (names.length === 0) return [];
    return [`import { ${names.join(", ")} } from "./${toFileStem(schema.name)}.ts";`];
  });
  const services = packages.flatMap((schema) => schema.services);
  return `${generatedHeader}import type { Method } from "../method.ts";
${imports.join("\n")}

/** Every method of every service, by lower-camel-case names: \`services.kv.range\`. */
export const services: {
${services.map(emitServiceType).join("\n")}
} = {
${services.map(emitServiceValue).join("\n")}
};
`;
}

function emitServiceType({ propertyName, fullName, comment, methods }: ServiceSchema): string {
  const lines = methods.map(({ propertyName: name, kind, request, response }) => {
    const types = `${request}, ${request}Init, ${response}, ${response}Init`;
    return `    readonly ${name}: Method<"${kind}", ${types}>;`;
  });
  return `  /** ${comment} \`${fullName}\`. */
  readonly ${propertyName}: {
${lines.join("\n")}
  };`;
}

function emitServiceValue({ propertyName, methods }: ServiceSchema): string {
  return `  ${propertyName}: {\n${methods.map(emitMethodValue).join("\n")}\n  },`;
}

function emitMethodValue({ propertyName, path, kind, request, response }: MethodSchema): string {
  return `    ${propertyName}: {
      path: "${path}",
      kind: "${kind}",
      requestType: "${request}",
      responseType: "${response}",
      decodeRequest: decode${request},
      encodeRequest: encode${request},
      decodeResponse: decode${response},
      encodeResponse: encode${response},
    },`;
}
