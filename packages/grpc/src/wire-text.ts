/**
 * Says why a path has no handler, in the words of grpc-go, which clients may match.
 *
 * @param services - Names of the services that exist.
 */
export function unknownMethodMessage(path: string, services: ReadonlySet<string>): string {
  const name = path.startsWith("/") ? path.slice(1) : path;
  const slash = name.lastIndexOf("/");
  if (slash === -1) return `malformed method name: ${JSON.stringify(path)}`;
  const service = name.slice(0, slash);
  if (!services.has(service)) return `unknown service ${service}`;
  return `unknown method ${name.slice(slash + 1)} for service ${service}`;
}

/** Replaces lone surrogates, which have no UTF-8 form and would make percent-encoding throw. */
export function wellFormed(text: string): string {
  return /[\ud800-\udfff]/.test(text) ? Buffer.from(text).toString() : text;
}

/** Turns the texts that grpc-js gives its own errors into those of grpc-go; others stay. */
export function translateTransportMessage(details: string, maxBytes: number): string {
  const larger = /^Received message larger than max \((\d+) vs (\d+)\)$/.exec(details);
  if (larger !== null) {
    return `grpc: received message larger than max (${larger[1]} vs. ${larger[2]})`;
  }
  if (details.startsWith("Received message that decompresses to a size larger than")) {
    return `grpc: received message after decompression larger than max ${maxBytes}`;
  }
  const encoding = /^Received message compressed with unsupported encoding "(.*)"$/.exec(details);
  if (encoding !== null) {
    return `grpc: Decompressor is not installed for grpc-encoding "${encoding[1]}"`;
  }
  return details;
}
