import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import { toFieldName, toPropertyName, toTypeName } from "./names.ts";

/** Everything that is generated, in the order of the .proto files. */
export interface Schema {
  readonly packages: readonly PackageSchema[];
}

/** One .proto package: one generated file. */
export interface PackageSchema {
  readonly name: string;
  readonly enums: readonly EnumSchema[];
  readonly messages: readonly MessageSchema[];
  readonly services: readonly ServiceSchema[];
}

/** An enum; `typeName` is unique over all packages. */
export interface EnumSchema {
  readonly fullName: string;
  readonly typeName: string;
  readonly comment: string;
  readonly values: ReadonlyArray<readonly [name: string, number: number]>;
}

/** A message; `slots` are its properties in TypeScript, in the order in which they are encoded. */
export interface MessageSchema {
  readonly packageName: string;
  readonly fullName: string;
  readonly typeName: string;
  readonly comment: string;
  readonly slots: readonly Slot[];
}

/** A property: a field, or a oneof with its members. */
export type Slot = FieldSchema | OneofSchema;

/** A set of fields of which at most one is present. */
export interface OneofSchema {
  readonly kind: "oneof";
  readonly name: string;
  readonly protoName: string;
  /** Of the union of its members, for example `RequestOpRequest`. */
  readonly typeName: string;
  readonly members: readonly FieldSchema[];
}

/** A field with its number on the wire. */
export interface FieldSchema {
  readonly kind: "field";
  readonly name: string;
  readonly protoName: string;
  readonly number: number;
  readonly cardinality: "single" | "repeated" | "map";
  readonly type: FieldType;
}

/** What one value of a field is; of a map, what its values are (keys are strings). */
export type FieldType =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "enum"; readonly typeName: string }
  | { readonly kind: "message"; readonly typeName: string; readonly packageName: string };

/** Scalars as generated: `…-exact` are bigint, other 64-bit ones are clamped numbers. */
export type Scalar =
  | "bool"
  | "bytes"
  | "int32"
  | "int64"
  | "int64-exact"
  | "string"
  | "uint32"
  | "uint64"
  | "uint64-exact";

/** A service with its methods. */
export interface ServiceSchema {
  readonly fullName: string;
  readonly propertyName: string;
  readonly comment: string;
  readonly methods: readonly MethodSchema[];
}

/** A method; request and response are type names. */
export interface MethodSchema {
  readonly propertyName: string;
  readonly path: string;
  readonly kind: "unary" | "server-stream" | "bidi-stream";
  readonly request: string;
  readonly response: string;
}

/** Reads all .proto files of a folder. */
export function loadSchema(folder: string): Schema {
  const root = new protobuf.Root();
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".proto"))
    .sort()
    .map((file) => parseFile(join(folder, file), root));
  root.resolveAll();
  const packages = names.map((name) => readPackage(name, root.lookup(name)));
  checkUnique(packages);
  return { packages };
}

/** Adds the declarations of a file to `root`; imports need no following, all files are read. */
function parseFile(path: string, root: protobuf.Root): string {
  const source = readFileSync(path, "utf8");
  const { package: name } = protobuf.parse(source, root, {
    keepCase: true,
    alternateCommentMode: true,
  });
  if (name === undefined) throw new Error(`Cannot use "${path}": it has no package`);
  return name;
}

function readPackage(name: string, namespace: protobuf.ReflectionObject | null): PackageSchema {
  if (!(namespace instanceof protobuf.Namespace)) throw new Error(`Cannot find package "${name}"`);
  const enums: EnumSchema[] = [];
  const messages: MessageSchema[] = [];
  const services: ServiceSchema[] = [];
  const visit = (scope: protobuf.NamespaceBase): void => {
    for (const nested of scope.nestedArray) {
      if (nested instanceof protobuf.Enum) enums.push(readEnum(name, nested));
      else if (nested instanceof protobuf.Type) {
        messages.push(readMessage(name, nested));
        visit(nested);
      } else if (nested instanceof protobuf.Service) services.push(readService(nested));
    }
  };
  visit(namespace);
  return { name, enums, messages, services };
}

function readEnum(packageName: string, source: protobuf.Enum): EnumSchema {
  const fullName = source.fullName.slice(1);
  return {
    fullName,
    typeName: toTypeName(fullName.slice(packageName.length + 1)),
    comment: commentOf(source),
    values: Object.entries(source.values),
  };
}

function readMessage(packageName: string, source: protobuf.Type): MessageSchema {
  const fullName = source.fullName.slice(1);
  const typeName = toTypeName(fullName.slice(packageName.length + 1));
  const slots: Slot[] = [];
  const seen = new Set<protobuf.OneOf>();
  for (const field of [...source.fieldsArray].sort((a, b) => a.id - b.id)) {
    const oneof = field.partOf;
    if (oneof === null) {
      slots.push(readField(field));
    } else if (!seen.has(oneof)) {
      seen.add(oneof);
      slots.push({
        kind: "oneof",
        name: toFieldName(oneof.name),
        protoName: oneof.name,
        typeName: typeName + toTypeName(oneof.name),
        members: [...oneof.fieldsArray].sort((a, b) => a.id - b.id).map(readField),
      });
    }
  }
  return { packageName, fullName, typeName, comment: commentOf(source), slots };
}

function readField(source: protobuf.Field): FieldSchema {
  if (source instanceof protobuf.MapField && source.keyType !== "string") {
    throw new Error(`Cannot generate ${source.fullName}: only string keys of maps are supported`);
  }
  return {
    kind: "field",
    name: toFieldName(source.name),
    protoName: source.name,
    number: source.id,
    cardinality: source.map ? "map" : source.repeated ? "repeated" : "single",
    type: readFieldType(source),
  };
}

function readFieldType(source: protobuf.Field): FieldType {
  const resolved = source.resolvedType;
  if (resolved === null) return { kind: "scalar", scalar: toScalar(source) };
  const fullName = resolved.fullName.slice(1);
  const packageName = packageOf(resolved);
  const typeName = toTypeName(fullName.slice(packageName.length + 1));
  if (resolved instanceof protobuf.Enum) return { kind: "enum", typeName };
  return { kind: "message", typeName, packageName };
}

/** Identifiers use all 64 bits and stay exact; counters and sizes never leave safe integers. */
function toScalar(source: protobuf.Field): Scalar {
  const isIdentifier = /(^|_)id$|ID$|^lease$|^leader$/.test(source.name);
  switch (source.type) {
    case "int64":
      return isIdentifier ? "int64-exact" : "int64";
    case "uint64":
      return isIdentifier ? "uint64-exact" : "uint64";
    case "bool":
    case "bytes":
    case "int32":
    case "string":
    case "uint32":
      return source.type;
    default:
      throw new Error(`Cannot generate ${source.fullName}: type ${source.type} is not supported`);
  }
}

function readService(source: protobuf.Service): ServiceSchema {
  const fullName = source.fullName.slice(1);
  const methods = source.methodsArray.map((method): MethodSchema => {
    if (method.requestStream === true && method.responseStream !== true) {
      throw new Error(`Cannot generate ${method.fullName}: client streams are not supported`);
    }
    method.resolve();
    const { resolvedRequestType: request, resolvedResponseType: response } = method;
    if (request === null || response === null) throw new Error(`Cannot resolve ${method.fullName}`);
    const streams = method.requestStream === true ? "bidi-stream" : "server-stream";
    return {
      propertyName: toPropertyName(method.name),
      path: `/${fullName}/${method.name}`,
      kind: method.responseStream === true ? streams : "unary",
      request: request.name,
      response: response.name,
    };
  });
  return {
    fullName,
    propertyName: toPropertyName(source.name),
    comment: commentOf(source),
    methods,
  };
}

function packageOf(type: protobuf.ReflectionObject): string {
  let scope = type.parent;
  while (scope instanceof protobuf.Type) scope = scope.parent;
  return scope === null ? "" : scope.fullName.slice(1);
}

function commentOf(source: protobuf.ReflectionObject): string {
  if (source.comment === null || source.comment === "") {
    throw new Error(`Cannot generate ${source.fullName}: it has no comment`);
  }
  return source.comment.replaceAll("\n", " ");
}

function checkUnique(packages: readonly PackageSchema[]): void {
  const seen = new Set<string>();
  for (const schema of packages.flatMap(({ enums, messages }) => [...enums, ...messages])) {
    if (seen.has(schema.typeName)) throw new Error(`Cannot generate "${schema.typeName}" twice`);
    seen.add(schema.typeName);
  }
}
