/**
 * The first frame in each direction of a peer connection. It settles who speaks to whom before
 * anything of the log is exchanged, so that members of two clusters never mix and a removed member
 * learns that it was removed (M3, B25).
 */
import { toMemberId, type MemberId } from "@quorate/raft";

/**
 * Version of the peer protocol; members of different versions refuse each other. Raised whenever a
 * frame changes: a message kind of consensus, the layout of forwards, refusals or lease questions,
 * or what a side may rely on, as senders of snapshots do on pongs that nobody asked for.
 */
export const peerProtocolVersion = 4;

/** What the dialling side says of itself. */
export interface Hello {
  readonly protocol: number;
  readonly clusterId: bigint;
  readonly from: MemberId;
  readonly to: MemberId;
  readonly purpose: "messages" | "snapshot";
  /** Where the dialling member can be dialled itself, by one that does not know it yet. */
  readonly peerUrls: readonly string[];
}

/** Why a connection was refused. */
export interface Refusal {
  readonly reason:
    | "protocol-mismatch"
    | "cluster-mismatch"
    | "wrong-member"
    | "unknown-member"
    | "removed"
    | "busy"
    | "malformed";
  /** A sentence for the log of the refused side. */
  readonly message: string;
}

/** Encodes a hello as the payload of its frame. */
export function encodeHello(hello: Hello): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      protocol: hello.protocol,
      clusterId: hello.clusterId.toString(16),
      from: hello.from.toString(16),
      to: hello.to.toString(16),
      purpose: hello.purpose,
      peerUrls: hello.peerUrls,
    }),
  );
}

/** Decodes a hello; undefined when it is not one. */
export function decodeHello(payload: Uint8Array): Hello | undefined {
  const fields = parseObject(payload);
  if (fields === undefined) return undefined;
  const protocol = fields["protocol"];
  const purpose = fields["purpose"];
  const clusterId = parseHex(fields["clusterId"]);
  const from = parseHex(fields["from"]);
  const to = parseHex(fields["to"]);
  if (typeof protocol !== "number" || !from || !to || clusterId === undefined) return undefined;
  if (purpose !== "messages" && purpose !== "snapshot") return undefined;
  const peerUrls = toTexts(fields["peerUrls"]);
  return { protocol, clusterId, from: toMemberId(from), to: toMemberId(to), purpose, peerUrls };
}

/** Encodes a refusal as the payload of its frame. */
export function encodeRefusal(refusal: Refusal): Uint8Array {
  return Buffer.from(JSON.stringify(refusal));
}

/** Decodes a refusal; one that cannot be read is `malformed`. */
export function decodeRefusal(payload: Uint8Array): Refusal {
  const fields = parseObject(payload);
  const reason = refusalReasons.find((known) => known === fields?.["reason"]);
  const message = fields?.["message"];
  if (reason === undefined || typeof message !== "string") {
    return { reason: "malformed", message: "Peer refused the connection without a known reason" };
  }
  return { reason, message };
}

const refusalReasons: readonly Refusal["reason"][] = [
  "protocol-mismatch",
  "cluster-mismatch",
  "wrong-member",
  "unknown-member",
  "removed",
  "busy",
  "malformed",
];

/** Reads a JSON object; undefined for anything else. */
export function parseObject(payload: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(payload).toString("utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
}

/** The texts of a list that came from outside. */
export function toTexts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each) => typeof each === "string");
}

/** Reads a 64-bit id. */
export function parseHex(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^[0-9a-f]{1,16}$/.test(value)) return undefined;
  return BigInt(`0x${value}`);
}
