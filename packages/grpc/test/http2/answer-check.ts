import assert from "node:assert/strict";
import { describeFrame, errorName, Flag, FrameType } from "./frames.ts";
import type { RawClient } from "./raw-client.ts";

const definedFlags: ReadonlyMap<number, number> = new Map([
  [FrameType.data, Flag.endStream | Flag.padded],
  [FrameType.headers, Flag.endStream | Flag.endHeaders | Flag.padded],
  [FrameType.settings, Flag.ack],
  [FrameType.ping, Flag.ack],
  [FrameType.continuation, Flag.endHeaders],
]);

/**
 * Checks all that a server sent on one connection: frames of legal size and flags, nothing behind
 * the end of a stream, no trace of an internal error. That field blocks can be decoded was seen.
 */
export function checkFrames(client: RawClient): void {
  const ended = new Set<number>();
  let isInBlock = false;
  for (const frame of client.seen) {
    const { type, flags, stream, payload } = frame;
    const text = describeFrame(frame);
    assert.ok(payload.length <= 16_384, text);
    assert.equal(flags & ~(definedFlags.get(type) ?? 0), 0, `${text}: undefined flags`);
    assert.equal(isInBlock, type === FrameType.continuation, `${text} in or out of a block`);
    const isBlock = type === FrameType.headers || type === FrameType.continuation;
    if (isBlock) isInBlock = (flags & Flag.endHeaders) === 0;
    if (type === FrameType.headers || type === FrameType.data) {
      assert.ok(!ended.has(stream), `${text} behind the end of its stream`);
      assert.equal(stream % 2, 1, text);
      if ((flags & Flag.endStream) !== 0) ended.add(stream);
    } else if (type === FrameType.rstStream) {
      assert.notEqual(errorName(payload.readUInt32BE(0)), "INTERNAL_ERROR", text);
      ended.add(stream);
    } else if (type === FrameType.goAway) {
      assert.notEqual(errorName(payload.readUInt32BE(4)), "INTERNAL_ERROR", text);
    } else if (type === FrameType.pushPromise || type > FrameType.continuation) {
      assert.fail(text);
    }
  }
}
