/**
 * Watch responses that carry events, made once for all watchers that get the same.
 *
 * Watchers with equal wishes get the same batch, and clients count their watchers from 0, so across
 * a thousand streams there are few different messages. The first stream pays for a message, and for
 * the joined messages of a turn; the others are handed the same bytes.
 */
import { bytesSize, int64ExactSize, Writer } from "@quorate/api";
import type { WatchBatch } from "@quorate/mvcc";
import type { HeaderEncoder } from "./header.ts";

/** Ids whose message is kept for other streams: larger ones are rarely met again. */
const sharedIdMax = 255;
const frameHeadBytes = 5;

/** Shared by all watch streams of a server; the bytes it hands out must not be changed. */
// Hot: test/bench/questions/watch-fan-out.ts.
export class WatchMessages {
  readonly #headers: HeaderEncoder;
  #batch: WatchBatch | undefined;
  #raftTerm = 0;
  /** Messages of the batch by id. */
  #byId: (Uint8Array | undefined)[] = [];
  /** All events of the batch as fields of a response. */
  #body: Uint8Array | undefined;
  #parts: readonly Uint8Array[] = [];
  #joined: Uint8Array = new Uint8Array(0);

  constructor(headers: HeaderEncoder) {
    this.#headers = headers;
  }

  /**
   * The framed message of a batch for a watcher.
   *
   * @param id - Its id.
   * @param idField - Field 2 with the id; empty for id 0.
   */
  framed(batch: WatchBatch, raftTerm: number, id: bigint, idField: Uint8Array): Uint8Array {
    if (batch !== this.#batch || raftTerm !== this.#raftTerm) {
      this.#batch = batch;
      this.#raftTerm = raftTerm;
      this.#byId = [];
      this.#body = undefined;
    }
    if (id < 0n || id > sharedIdMax) return this.#compose(batch, raftTerm, idField);
    const index = Number(id);
    return (this.#byId[index] ??= this.#compose(batch, raftTerm, idField));
  }

  /** Joins framed messages. Must not be given an array that changes later. */
  join(parts: readonly Uint8Array[]): Uint8Array {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    if (this.#isJoined(parts)) return this.#joined;
    let size = 0;
    for (const part of parts) size += part.length;
    const writer = new Writer(size);
    for (const part of parts) writer.raw(part);
    this.#parts = parts;
    this.#joined = writer.finish();
    return this.#joined;
  }

  #isJoined(parts: readonly Uint8Array[]): boolean {
    const before = this.#parts;
    if (before.length !== parts.length) return false;
    for (let index = 0; index < parts.length; index += 1) {
      if (before[index] !== parts[index]) return false;
    }
    return true;
  }

  #compose(batch: WatchBatch, raftTerm: number, idField: Uint8Array): Uint8Array {
    const header = this.#headers.field(batch.revision, raftTerm);
    const body = this.#body;
    let size = header.length + idField.length;
    if (body !== undefined) size += body.length;
    else for (const event of batch.events) size += 1 + bytesSize(event.length);
    const writer = new Writer(frameHeadBytes + size);
    writer.byte(0);
    writer.byte(size >>> 24);
    writer.byte((size >>> 16) & 0xff);
    writer.byte((size >>> 8) & 0xff);
    writer.byte(size & 0xff);
    writer.raw(header);
    if (idField.length > 0) writer.raw(idField);
    if (body !== undefined) {
      writer.raw(body);
      return writer.finish();
    }
    const begin = writer.offset;
    for (const event of batch.events) {
      writer.byte(0x5a);
      writer.view(event);
    }
    const message = writer.finish();
    this.#body = message.subarray(begin);
    return message;
  }
}

/** Field 2 of a `WatchResponse`. */
export function encodeIdField(id: bigint): Uint8Array {
  if (id === 0n) return new Uint8Array(0);
  const writer = new Writer(1 + int64ExactSize(id));
  writer.byte(0x10);
  writer.varintExact(id);
  return writer.finish();
}
