import { decodeStored, type WatchBatch, type WatchSink } from "@quorate/mvcc";
import { describe } from "./support.ts";

/** One event as text, with the revision it happened at. */
export interface RecordedEvent {
  readonly modRevision: number;
  readonly text: string;
}

/** A sink that writes everything down and can be told to be full after some batches. */
export class WatchRecorder implements WatchSink {
  readonly batches: {
    readonly watchId: number;
    readonly revision: number;
    readonly count: number;
  }[] = [];
  readonly cancelled = new Map<number, number>();
  readonly #events = new Map<number, RecordedEvent[]>();
  /** Batches until the sink is full; endless by default. */
  room = Number.POSITIVE_INFINITY;
  /** Batches since the last flush. */
  unflushed = 0;

  send(watchId: number, { revision, events }: WatchBatch): boolean {
    const list = this.#events.get(watchId) ?? [];
    this.#events.set(watchId, list);
    for (const event of events) list.push(decodeEvent(event));
    this.batches.push({ watchId, revision, count: events.length });
    this.unflushed++;
    this.room--;
    return this.room > 0;
  }

  flush(): void {
    this.unflushed = 0;
  }

  compacted(watchId: number, compactRevision: number): void {
    this.cancelled.set(watchId, compactRevision);
  }

  events(watchId: number): readonly RecordedEvent[] {
    return this.#events.get(watchId) ?? [];
  }

  texts(watchId: number): readonly string[] {
    return this.events(watchId).map((event) => event.text);
  }
}

/** Decodes a `mvccpb.Event`: `PUT a=1 create=2 ... prev(...)`. */
function decodeEvent(wire: Uint8Array): RecordedEvent {
  let isDelete = false;
  let keyValue: Uint8Array = new Uint8Array(0);
  let previous: Uint8Array | undefined;
  let at = 0;
  while (at < wire.length) {
    const tag = wire[at++];
    if (tag === 0x08) {
      isDelete = wire[at++] === 1;
      continue;
    }
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wire[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    const view = wire.subarray(at, at + length);
    at += length;
    if (tag === 0x12) keyValue = view;
    else if (tag === 0x1a) previous = view;
    else throw new Error(`Unexpected tag ${tag} in an event`);
  }
  const { modRevision, key } = decodeStored(keyValue);
  const body = isDelete
    ? `DELETE ${Buffer.from(key).toString("latin1")} mod=${modRevision}`
    : `PUT ${describe(keyValue)}`;
  const text = previous === undefined ? body : `${body} prev(${describe(previous)})`;
  return { modRevision, text };
}
