/**
 * Who speaks first on a connection: an HTTP/2 client, a TLS client, or something to be read as
 * HTTP/1.
 */
export type FirstSpeaker = "http2" | "tls" | "http1" | "undecided";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
/** How much of the preface decides: no HTTP/1 request begins like this. */
const decidingBytes = 16;
const tlsHandshake = 0x16;

/**
 * Tells what a connection speaks from what has arrived.
 *
 * @param bytes - All bytes so far; `undecided` as long as they are a beginning of the HTTP/2
 *   preface.
 */
export function firstSpeaker(bytes: Uint8Array): FirstSpeaker {
  if (bytes.length === 0) return "undecided";
  if (bytes[0] === tlsHandshake) return "tls";
  const length = Math.min(bytes.length, decidingBytes);
  for (let index = 0; index < length; index += 1) {
    if (bytes[index] !== preface[index]) return "http1";
  }
  return length === decidingBytes ? "http2" : "undecided";
}
