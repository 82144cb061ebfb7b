import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Remote address of a socket as `host:port`; `unknown` when it has none. */
export function peerOf(socket: Duplex): string {
  const address: unknown = Reflect.get(socket, "remoteAddress");
  const port: unknown = Reflect.get(socket, "remotePort");
  if (typeof address !== "string" || typeof port !== "number") return "unknown";
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Common name of the client certificate that TLS verified; undefined without one. */
export function commonNameOf(socket: Duplex): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  // Empty where there is none, against its type.
  const subject: unknown = Reflect.get(socket.getPeerCertificate(), "subject");
  const name: unknown =
    typeof subject === "object" && subject !== null && Reflect.get(subject, "CN");
  return typeof name === "string" ? name : undefined;
}
