/**
 * The frame by which a follower hands its batch to the leader:
 * `term f64 | forward id u32 | batch`. The term ties the batch to one leadership (see
 * `proposal-queue.ts`); the id, which grows with each frame, makes a repeated frame harmless.
 */

/** A batch on its way to the leader. */
export interface Forward {
  readonly term: number;
  /** Ascending for one sender and term. */
  readonly forwardId: number;
  readonly batch: Uint8Array;
}

const headBytes = 12;

/** Encodes a forward frame's payload; the batch is not copied. */
export function encodeForward({ term, forwardId, batch }: Forward): readonly Uint8Array[] {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeDoubleLE(term, 0);
  head.writeUInt32LE(forwardId, 8);
  return [head, batch];
}

/** Decodes a forward frame's payload; undefined when it is too short. */
export function decodeForward(payload: Uint8Array): Forward | undefined {
  if (payload.length < headBytes) return undefined;
  const view = Buffer.from(payload.buffer, payload.byteOffset, headBytes);
  return {
    term: view.readDoubleLE(0),
    forwardId: view.readUInt32LE(8),
    batch: payload.subarray(headBytes),
  };
}

/** Encodes a refusal: the id of the frame that was not taken. */
export function encodeForwardRefusal(forwardId: number): Uint8Array {
  const payload = Buffer.allocUnsafe(4);
  payload.writeUInt32LE(forwardId, 0);
  return payload;
}

/** Decodes a refusal; undefined when it is too short. */
export function decodeForwardRefusal(payload: Uint8Array): number | undefined {
  if (payload.length < 4) return undefined;
  return Buffer.from(payload.buffer, payload.byteOffset, 4).readUInt32LE(0);
}

/** Remembers, for each sender, the newest forward taken in a term, so that none is taken twice. */
export class ForwardFilter {
  readonly #newest = new Map<bigint, { readonly term: number; readonly forwardId: number }>();

  /** Whether the frame is new; remembers it. */
  admit(from: bigint, term: number, forwardId: number): boolean {
    const newest = this.#newest.get(from);
    if (newest?.term === term && newest.forwardId >= forwardId) return false;
    this.#newest.set(from, { term, forwardId });
    return true;
  }
}
