import type { KeyValue as KeyValueMessage, ResponseHeader as HeaderMessage } from "@quorate/api";

import { toText } from "./bytes.ts";

/**
 * One stored pair.
 *
 * `key` and `value` are views of the answer they came in: the answer stays in memory as long as
 * one of them is held. Copy (`value.slice()`) what is kept for long.
 */
export class KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Revision that created the present incarnation of the key: its fencing token. */
  readonly createRevision: number;
  /** Revision of the last change. */
  readonly modRevision: number;
  /** 1 after creation, one more with each change; 0 in a deletion. */
  readonly version: number;
  /** Lease the key ends with; 0n for none. */
  readonly lease: bigint;

  /** @param namespaceLength - Bytes at the head of the key that belong to the namespace. */
  constructor(message: KeyValueMessage, namespaceLength: number = 0) {
    this.key = namespaceLength === 0 ? message.key : message.key.subarray(namespaceLength);
    this.value = message.value;
    this.createRevision = message.createRevision;
    this.modRevision = message.modRevision;
    this.version = message.version;
    this.lease = message.lease;
  }

  /** The key read as UTF-8. */
  keyText(): string {
    return toText(this.key);
  }

  /** The value read as UTF-8. */
  text(): string {
    return toText(this.value);
  }

  /**
   * The value parsed as JSON; check its shape before use.
   *
   * @throws SyntaxError when it is not JSON.
   */
  json(): unknown {
    return JSON.parse(this.text());
  }
}

/** Who answered, and when in the store's history. */
export interface Header {
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** Store revision at the answer; 0 in answers that have none. */
  readonly revision: number;
  readonly raftTerm: number;
}

/** The header of an answer; zeros where the server sent none. @internal */
export function toHeader(message: HeaderMessage | undefined): Header {
  return {
    clusterId: message?.clusterId ?? 0n,
    memberId: message?.memberId ?? 0n,
    revision: message?.revision ?? 0,
    raftTerm: message?.raftTerm ?? 0,
  };
}
