import { decodeMessage, type Message } from "@quorate/raft";
import { FrameKind } from "@quorate/server/member";

let lastPayload: Uint8Array | undefined;
let lastMessages: readonly Message[] = [];

/**
 * The messages of consensus in a frame; none for frames of other kinds. Several checkers look at
 * the same frame one after the other: the last answer is kept.
 */
export function messagesOf(kind: number, payload: Uint8Array): readonly Message[] {
  if (kind !== FrameKind.raft) return [];
  if (payload === lastPayload) return lastMessages;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const messages: Message[] = [];
  for (let offset = 0; offset + 4 <= payload.length;) {
    const length = view.getUint32(offset, true);
    offset += 4;
    messages.push(decodeMessage(payload.subarray(offset, offset + length)));
    offset += length;
  }
  lastPayload = payload;
  lastMessages = messages;
  return messages;
}
