import type { ListenAddress } from "@quorate/grpc";

/**
 * Where a client URL listens: `http://host:port` or `unix://path`. `localhost` means 127.0.0.1, as
 * clients expect of it.
 */
function toListenAddress(url: string): ListenAddress {
  const parsed = new URL(url);
  if (parsed.protocol === "unix:") {
    return { kind: "unix", path: url.replace(/^unix:(\/\/)?/, "") };
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  return {
    kind: "tcp",
    host: host === "localhost" ? "127.0.0.1" : host,
    port: parsed.port === "" ? 80 : Number(parsed.port),
  };
}

/** Where the URLs of a setting listen. */
export function listenAddresses(urls: readonly string[]): readonly ListenAddress[] {
  return urls.map(toListenAddress);
}
