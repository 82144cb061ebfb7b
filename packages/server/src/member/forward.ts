/**
 * The frame by which a follower hands its batch to the leader:
 * `term f64 | session u32 | forward id f64 | batch`. The term ties the batch to one leadership (see
 * `proposal-queue.ts`). The id grows with each frame of a session, the life of the sending process:
 * a repeated frame is harmless, and a restarted sender is not taken for a repetition.
 */

/** A batch on its way to the leader. */
export interface Forward {
  readonly term: number;
  /** Random; the life of the sending process. */
  readonly session: number;
  /** Ascending within a session, below 2^53: a process may live for more than 2^32 batches. */
  readonly forwardId: number;
  readonly batch: Uint8Array;
}

const headBytes = 20;

/** Encodes a forward frame's payload; the batch is not copied. */
export function encodeForward({ term, session, forwardId, batch }: Forward): readonly Uint8Array[] {
  const head = Buffer.allocUnsafe(headBytes);
  head.writeDoubleLE(term, 0);
  head.writeUInt32LE(session, 8);
  head.writeDoubleLE(forwardId, 12);
  return [head, batch];
}

/** Decodes a forward frame's payload; undefined when it is too short. */
export function decodeForward(payload: Uint8Array): Forward | undefined {
  if (payload.length < headBytes) return undefined;
  const view = Buffer.from(payload.buffer, payload.byteOffset, headBytes);
  return {
    term: view.readDoubleLE(0),
    session: view.readUInt32LE(8),
    forwardId: view.readDoubleLE(12),
    batch: payload.subarray(headBytes),
  };
}

/**
 * Which frame was not taken: `session u32 | forward id f64 | is certain u8`. The session keeps a
 * refusal that comes late from being taken for one of the restarted sender's frames, which would
 * then enter the log twice.
 */
export interface ForwardRefusal extends Pick<Forward, "session" | "forwardId"> {
  /**
   * The batch is in no log and no frame with it will bring it there: the leader of its term saw it
   * for the first time. False: this frame was refused, of a repeated one nothing is known.
   */
  readonly isCertain: boolean;
}

const refusalBytes = 13;

/** Encodes a refusal. */
export function encodeForwardRefusal(refusal: ForwardRefusal): Uint8Array {
  const { session, forwardId, isCertain } = refusal;
  const payload = Buffer.allocUnsafe(refusalBytes);
  payload.writeUInt32LE(session, 0);
  payload.writeDoubleLE(forwardId, 4);
  payload.writeUInt8(isCertain ? 1 : 0, 12);
  return payload;
}

/** Decodes a refusal; undefined when it is too short. */
export function decodeForwardRefusal(payload: Uint8Array): ForwardRefusal | undefined {
  if (payload.length < refusalBytes) return undefined;
  const view = Buffer.from(payload.buffer, payload.byteOffset, refusalBytes);
  return {
    session: view.readUInt32LE(0),
    forwardId: view.readDoubleLE(4),
    isCertain: view.readUInt8(12) === 1,
  };
}

/** Remembers the newest forward of each session in a term, so that none is taken twice. */
export class ForwardFilter {
  #term = 0;
  readonly #newest = new Map<string, number>();

  /** Whether the frame is new; remembers it. Older terms are never asked about again. */
  admit(from: bigint, { term, session, forwardId }: Forward): boolean {
    if (term !== this.#term) {
      this.#term = term;
      this.#newest.clear();
    }
    const key = `${from.toString(16)}/${session}`;
    if ((this.#newest.get(key) ?? 0) >= forwardId) return false;
    this.#newest.set(key, forwardId);
    return true;
  }
}
