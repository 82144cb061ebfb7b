/** Where an endpoint is and how it is spoken to. @internal */
export interface EndpointAddress {
  /** Target as grpc-js takes it: `host:port`, `[v6]:port` or `unix:path`. */
  readonly target: string;
  /** True for https, false for http and unix, undefined when the text does not say. */
  readonly secure: boolean | undefined;
  /** Name or address without port; the path of a unix socket. */
  readonly host: string;
}

const hostPort = /^(\[[0-9a-fA-F:.]+\]|[^\s/:?#[\]]+):(\d{1,5})$/;

/**
 * Reads `host:port`, `http://host:port`, `https://host:port`, `unix:path`, `unix:///path`.
 *
 * @returns Undefined when the text is none of them.
 */
export function parseEndpoint(text: string): EndpointAddress | undefined {
  const scheme = /^(https?|unixs?):/.exec(text)?.[1];
  if (scheme === "unix" || scheme === "unixs") {
    const path = text.slice(scheme.length + 1).replace(/^\/\/(?=.)/, "");
    if (path === "") return undefined;
    return { target: `unix:${path}`, secure: scheme === "unixs", host: path };
  }
  const rest = scheme === undefined ? text : text.slice(scheme.length + 1);
  if (scheme !== undefined && !rest.startsWith("//")) return undefined;
  const match = hostPort.exec(scheme === undefined ? rest : rest.slice(2).replace(/\/$/, ""));
  const [, host, port] = match ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535 || Number(port) === 0) {
    return undefined;
  }
  const secure = scheme === undefined ? undefined : scheme === "https";
  return { target: `${host}:${port}`, secure, host: host.replace(/^\[|\]$/g, "") };
}
