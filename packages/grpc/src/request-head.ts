import type { HeaderField, HeaderList } from "./hpack/header-field.ts";
import { parseGrpcTimeout } from "./message/grpc-timeout.ts";
import { isFieldValue, isRequestField } from "./http2/field-rules.ts";
import type { RpcMethod } from "./rpc-server.ts";
import { StatusCode } from "./status-code.ts";
import { unknownMethodMessage } from "./wire-text.ts";

/** The methods of a server by their paths, and the names of their services. */
export interface MethodTable {
  readonly methods: ReadonlyMap<string, RpcMethod>;
  readonly services: ReadonlySet<string>;
}

/** What the head of a request asks for. */
export type RequestHead =
  | { readonly kind: "call"; readonly call: CallHead }
  /** No call: answered by its head alone. */
  | { readonly kind: "refusal"; readonly refusal: Refusal }
  /** Breaks HTTP (RFC 9113, 8.1.1). */
  | { readonly kind: "malformed" };

/** The head of a call of a known method. */
export interface CallHead {
  readonly method: RpcMethod;
  readonly fields: readonly HeaderField[];
  readonly timeoutMillis: number | undefined;
  /** Whether messages may be compressed, by gzip as the `grpc-encoding` says. */
  readonly isCompressible: boolean;
  /** The `content-length`; -1 without. */
  readonly contentLength: number;
}

/** How a request that is no call is answered. */
export interface Refusal {
  readonly httpStatus: number;
  readonly code: StatusCode;
  readonly message: string;
  /** Whether the answer says which encodings are known. */
  readonly tellsEncodings: boolean;
}

const malformed: RequestHead = { kind: "malformed" };
const contentTypePattern = /^application\/grpc($|[+;])/i;

/**
 * Judges the head of a request: by RFC 9113, 8 whether it is one, then by gRPC whether it is a call
 * of a known method. `:authority` may be anything or missing: clients of etcd send URLs there.
 *
 * @remarks Its result is good for every request whose list is the same object.
 */
export function parseRequestHead(list: HeaderList, table: MethodTable): RequestHead {
  const found = readFields(list.fields);
  if (list.isTooLarge) {
    return refusal(431, StatusCode.RESOURCE_EXHAUSTED, "header list larger than the limit");
  }
  if (found === undefined) return malformed;
  const { verb, path } = found;
  if (verb !== "POST") {
    const text = `received a ${verb} request; only POST is allowed`;
    return refusal(405, StatusCode.INTERNAL, text);
  }
  const type = found.contentType ?? "";
  if (type !== "application/grpc" && !contentTypePattern.test(type)) {
    const text = `invalid gRPC request content-type ${JSON.stringify(type)}`;
    return refusal(415, StatusCode.INVALID_ARGUMENT, text);
  }
  const method = table.methods.get(path);
  if (method === undefined) {
    const text = unknownMethodMessage(path, table.services);
    return refusal(200, StatusCode.UNIMPLEMENTED, text);
  }
  let timeoutMillis: number | undefined;
  if (found.timeout !== undefined) {
    timeoutMillis = parseGrpcTimeout(found.timeout);
    if (timeoutMillis === undefined) {
      return refusal(400, StatusCode.INTERNAL, "malformed grpc-timeout");
    }
  }
  const encoding = found.encoding ?? "identity";
  const isCompressible = encoding === "gzip";
  if (!isCompressible && encoding !== "identity") {
    const name = JSON.stringify(encoding);
    const text = `grpc: Decompressor is not installed for grpc-encoding ${name}`;
    return refusal(200, StatusCode.UNIMPLEMENTED, text, true);
  }
  const { fields } = list;
  const { contentLength } = found;
  return {
    kind: "call",
    call: { method, fields, timeoutMillis, isCompressible, contentLength },
  };
}

interface FoundFields {
  verb: string;
  path: string;
  contentType: string | undefined;
  timeout: string | undefined;
  encoding: string | undefined;
  contentLength: number;
}

/** Reads what matters; undefined if the request is malformed. */
function readFields(fields: readonly HeaderField[]): FoundFields | undefined {
  let scheme: string | undefined;
  let verb: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let contentType: string | undefined;
  let timeout: string | undefined;
  let encoding: string | undefined;
  let contentLength = -1;
  let isPseudo = true;
  for (const field of fields) {
    const { name, value } = field;
    if (!isFieldValue(value)) return undefined;
    if (name.charCodeAt(0) === 0x3a) {
      if (!isPseudo) return undefined;
      if (name === ":method" && verb === undefined) verb = value;
      else if (name === ":scheme" && scheme === undefined) scheme = value;
      else if (name === ":path" && path === undefined) path = value;
      else if (name === ":authority" && authority === undefined) authority = value;
      else return undefined;
      continue;
    }
    isPseudo = false;
    switch (name) {
      case "content-type":
        contentType ??= value;
        break;
      case "grpc-timeout":
        timeout ??= value;
        break;
      case "grpc-encoding":
        encoding ??= value;
        break;
      case "content-length":
        if (!/^\d{1,15}$/.test(value)) return undefined;
        if (contentLength >= 0 && contentLength !== Number(value)) return undefined;
        contentLength = Number(value);
        break;
      default:
        if (!isRequestField(field)) return undefined;
    }
  }
  // CONNECT alone comes without scheme and path (RFC 9113, 8.5); it is refused like other verbs.
  if (verb === "CONNECT") return { ...nothing, verb };
  if (verb === undefined || scheme === undefined || path === undefined || path === "") {
    return undefined;
  }
  return { verb, path, contentType, timeout, encoding, contentLength };
}

const nothing: FoundFields = {
  verb: "",
  path: "",
  contentType: undefined,
  timeout: undefined,
  encoding: undefined,
  contentLength: -1,
};

function refusal(
  httpStatus: number,
  code: StatusCode,
  message: string,
  tellsEncodings = false,
): RequestHead {
  return { kind: "refusal", refusal: { httpStatus, code, message, tellsEncodings } };
}
