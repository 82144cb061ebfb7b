/** Which sides of a call send many messages; no method of this protocol streams requests only. */
export type MethodKind = "unary" | "server-stream" | "bidi-stream";

/** One method of a service with the codecs of its messages. */
export interface Method<Kind extends MethodKind, Request, RequestInit, Response, ResponseInit> {
  /** `/package.Service/Method`, as in the HTTP/2 header `:path`. */
  readonly path: string;
  readonly kind: Kind;
  /** Name of the type of the request, for logs and metrics. */
  readonly requestType: string;
  /** Name of the type of the response. */
  readonly responseType: string;
  /** @throws DecodeError if the bytes are malformed. */
  readonly decodeRequest: (bytes: Uint8Array) => Request;
  readonly encodeRequest: (message: RequestInit) => Uint8Array;
  /** @throws DecodeError if the bytes are malformed. */
  readonly decodeResponse: (bytes: Uint8Array) => Response;
  readonly encodeResponse: (message: ResponseInit) => Uint8Array;
}
