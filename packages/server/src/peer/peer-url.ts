/** Where to dial or listen, as `node:net` takes it. */
export interface SocketAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Splits a peer URL such as `http://10.0.0.1:2380`.
 *
 * @throws TypeError when it is not `http://host:port`.
 */
export function parsePeerUrl(url: string): SocketAddress {
  const parsed = new URL(url);
  if (parsed.protocol !== "http:" || parsed.hostname === "") {
    throw new TypeError(`Cannot use peer URL "${url}": expected http://host:port`);
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  return { host, port: parsed.port === "" ? 80 : Number(parsed.port) };
}
