/**
 * What a process asks that is not a member yet, or may have been one: who belongs to the cluster?
 * One frame there and one back on a connection of its own, in place of a hello; as etcd's
 * `GET /members` on peer URLs.
 */
import { connect } from "node:net";
import type { Timers } from "@quorate/platform";
import { encodeFrame, FrameError, FrameKind, FrameReader } from "./frame.ts";
import { parsePeerUrl } from "./peer-url.ts";
import { parseHex, parseObject, peerProtocolVersion, toTexts } from "./handshake.ts";

/** The cluster as one of its members sees it. */
export interface ClusterDescription {
  readonly clusterId: bigint;
  /** A quorum confirmed it after the question was asked. */
  readonly isFresh: boolean;
  /** How much of the log it is made of. */
  readonly appliedIndex: number;
  /** Empty: who answers is new itself. */
  readonly members: readonly DescribedMember[];
  readonly removedIds: readonly bigint[];
}

/** One member of a description. */
export interface DescribedMember {
  readonly id: bigint;
  /** Empty until it has started. */
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** A question. */
export interface ClusterQuestion {
  readonly protocol: number;
  /** Ask a quorum first, if there is one. */
  readonly isFreshWanted: boolean;
}

/** Encodes a question as the payload of its frame. */
function encodeClusterQuestion(question: ClusterQuestion): Uint8Array {
  return Buffer.from(JSON.stringify(question));
}

/** Decodes a question; undefined when it is malformed or of another version. */
export function decodeClusterQuestion(payload: Uint8Array): ClusterQuestion | undefined {
  const fields = parseObject(payload);
  const protocol = fields?.["protocol"];
  const isFreshWanted = fields?.["isFreshWanted"];
  if (protocol !== peerProtocolVersion || typeof isFreshWanted !== "boolean") return undefined;
  return { protocol, isFreshWanted };
}

/** Encodes an answer as the payload of its frame. */
export function encodeClusterDescription(description: ClusterDescription): Uint8Array {
  const { clusterId, isFresh, appliedIndex, members, removedIds } = description;
  return Buffer.from(
    JSON.stringify({
      ...{ clusterId: clusterId.toString(16), isFresh, appliedIndex },
      members: members.map(({ id, name, peerUrls }) => ({ id: id.toString(16), name, peerUrls })),
      removedIds: removedIds.map((id) => id.toString(16)),
    }),
  );
}

/** Decodes an answer; undefined when it is malformed. */
export function decodeClusterDescription(payload: Uint8Array): ClusterDescription | undefined {
  const fields = parseObject(payload);
  const clusterId = parseHex(fields?.["clusterId"]);
  const isFresh = fields?.["isFresh"];
  const appliedIndex = fields?.["appliedIndex"];
  const members = toList(fields?.["members"], toMember);
  const removedIds = toList(fields?.["removedIds"], parseHex);
  if (clusterId === undefined || typeof isFresh !== "boolean") return undefined;
  if (typeof appliedIndex !== "number") return undefined;
  if (members === undefined || removedIds === undefined) return undefined;
  return { clusterId, isFresh, appliedIndex, members, removedIds };
}

/**
 * Asks one peer.
 *
 * @throws Error when it cannot be reached, does not answer in time, or speaks another version.
 */
export function askPeer(
  url: string,
  isFreshWanted: boolean,
  { timers, timeoutMillis }: { readonly timers: Timers; readonly timeoutMillis: number },
): Promise<ClusterDescription> {
  const socket = connect(parsePeerUrl(url));
  const question = { protocol: peerProtocolVersion, isFreshWanted };
  return new Promise<ClusterDescription>((resolve, reject) => {
    const timer = timers.setTimer(timeoutMillis, () => {
      socket.destroy(new Error(`no answer within ${timeoutMillis} ms`));
    });
    const reader = new FrameReader((kind, payload) => {
      const isAnswer = kind === FrameKind.clusterDescription;
      const description = isAnswer ? decodeClusterDescription(payload) : undefined;
      if (description === undefined) socket.destroy(new Error("it speaks another protocol"));
      else resolve(description);
      socket.end();
    });
    socket.on("connect", () => {
      const frame = encodeFrame(FrameKind.clusterQuestion, [encodeClusterQuestion(question)]);
      for (const chunk of frame) socket.write(chunk);
    });
    socket.on("data", (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        socket.destroy(error);
      }
    });
    socket.on("error", reject);
    socket.on("close", () => {
      timer.cancel();
      reject(new Error("the connection was closed"));
    });
  });
}

function toMember(value: unknown): DescribedMember | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { id, name, peerUrls }: Record<string, unknown> = { ...value };
  const memberId = parseHex(id);
  if (memberId === undefined || typeof name !== "string") return undefined;
  return { id: memberId, name, peerUrls: toTexts(peerUrls) };
}

function toList<Item>(
  value: unknown,
  toItem: (each: unknown) => Item | undefined,
): readonly Item[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.map(toItem);
  return items.every((item) => item !== undefined) ? items : undefined;
}
