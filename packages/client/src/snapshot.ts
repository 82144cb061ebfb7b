import { createHash } from "node:crypto";

import { services } from "@quorate/api";

import { equalBytes } from "./bytes.ts";
import { TransportError } from "./errors.ts";
import type { MemberCallOptions } from "./service-calls.ts";
import type { Transport } from "./transport.ts";

const digestBytes = 32;

/**
 * Streams a member's database image with its digest, as etcd's tools store it, and checks it.
 *
 * The last piece is the SHA-256 of all before; it is yielded too, so that writing every piece to a
 * file gives a file those tools accept.
 * @internal
 */
export async function* readSnapshot(
  transport: Transport,
  options: MemberCallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const method = services.maintenance.snapshot;
  const hash = createHash("sha256");
  let tail: Uint8Array | undefined;
  for await (const { blob } of transport.serverStream(method, {}, options)) {
    if (tail !== undefined) hash.update(tail);
    tail = blob;
    if (blob.length > 0) yield blob;
  }
  if (tail?.length === digestBytes && equalBytes(hash.digest(), tail)) return;
  throw new TransportError("malformed-answer", "Snapshot failed: digest missing or wrong", {
    grpcCode: 15,
    method: method.path,
    endpoint: options.endpoint ?? "",
    isOutcomeUnknown: false,
  });
}
