import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";

/** Who may use the HTTP door. */
export interface AccessOptions {
  /**
   * Host names under which the member may be asked without TLS; `*` allows all. A page in a browser
   * can make any name point here (DNS rebinding), but the name then stands in the `Host` header.
   *
   * @default ["*"], as etcd has it
   */
  readonly allowedHosts: readonly string[];
  /**
   * Origins that may read answers in a browser; `*` allows all, none sends no CORS headers.
   * @default []
   */
  readonly corsOrigins: readonly string[];
}

/** Headers of every answer: nothing here is a page. */
const securityHeaders: Readonly<Record<string, string>> = {
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
};

/**
 * Sets the headers of every answer and answers what is refused or is a preflight.
 *
 * @returns Whether the request may go on.
 */
export function admitRequest(
  options: AccessOptions,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  const host = hostOf(request);
  if (!(request.socket instanceof TLSSocket) && !isListed(options.allowedHosts, host)) {
    answerText(
      response,
      421,
      `The Host header, ${JSON.stringify(host)}, is not one of this member's names.\n` +
        "Use TLS, or add the name to the host whitelist.\n",
    );
    return false;
  }
  const { origin } = request.headers;
  if (options.corsOrigins.includes("*")) allowOrigin(response, "*");
  else if (origin !== undefined && options.corsOrigins.includes(origin)) {
    response.setHeader("Vary", "Origin");
    allowOrigin(response, origin);
  }
  if (request.method === "OPTIONS") {
    response.writeHead(200).end();
    return false;
  }
  return true;
}

/** Ends a response with plain text, or with text of another type. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  type: string = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  response.end(text);
}

function allowOrigin(response: ServerResponse, origin: string): void {
  response.setHeader("Access-Control-Allow-Origin", origin);
  response.setHeader("Access-Control-Allow-Methods", "POST, GET, OPTIONS, PUT, DELETE");
  response.setHeader("Access-Control-Allow-Headers", "accept, content-type, authorization");
}

function isListed(allowed: readonly string[], host: string): boolean {
  return allowed.includes("*") || allowed.some((each) => each.toLowerCase() === host);
}

/** The name in the Host header: without port and brackets, in small letters. */
function hostOf(request: IncomingMessage): string {
  const host = (request.headers.host ?? "").toLowerCase();
  const bracketed = /^\[([^\]]*)\](:\d*)?$/.exec(host);
  if (bracketed !== null) return bracketed[1] ?? "";
  return host.replace(/:\d*$/, "");
}
