import { decodeMessage, RaftCodecError, type Message } from "@quorate/raft";
import { FrameKind } from "@quorate/server/member";
import { CheckFailure } from "./check-failure.ts";

let lastPayload: Uint8Array | undefined;
let lastMessages: readonly Message[] = [];

/**
 * The messages of consensus in a frame; none for frames of other kinds. Several checkers look at
 * the same frame one after the other: the last answer is kept.
 *
 * @throws CheckFailure C10 for what no member may send: entries with a hole or out of order, which
 *   the codec does not read.
 */
export function messagesOf(kind: number, payload: Uint8Array): readonly Message[] {
  if (kind !== FrameKind.raft) return [];
  if (payload === lastPayload) return lastMessages;
  try {
    lastMessages = decodeFrame(payload);
  } catch (error) {
    if (!(error instanceof RaftCodecError)) throw error;
    throw new CheckFailure("C10", `a member sends what nobody can read: ${error.message}`);
  }
  lastPayload = payload;
  return lastMessages;
}

function decodeFrame(payload: Uint8Array): readonly Message[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const messages: Message[] = [];
  for (let offset = 0; offset + 4 <= payload.length;) {
    const length = view.getUint32(offset, true);
    offset += 4;
    messages.push(decodeMessage(payload.subarray(offset, offset + length)));
    offset += length;
  }
  return messages;
}
