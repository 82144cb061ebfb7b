import { createHash, type Hash } from "node:crypto";
import type { SimFileSystem, SimScheduler } from "@quorate/platform/sim";
import type { Entry, MemberId } from "@quorate/raft";
import type { Frame } from "./client-network-frames.ts";
import type { EndKind, ObservedProcess, WorldObserver } from "./observer.ts";

/** What is gathered before it is digested: calls into a digest cost more than its bytes. */
const bufferBytes = 65_536;
/** A tag and three numbers. */
const recordBytes = 32;

const tags = {
  started: 1,
  ended: 2,
  frame: 3,
  applied: 4,
  read: 5,
  answer: 6,
  status: 7,
  written: 8,
  truncated: 9,
  synced: 10,
  directorySynced: 11,
  renamed: 12,
  removed: 13,
  deceived: 14,
  crashed: 15,
  restored: 16,
  end: 17,
} as const;

/**
 * A digest of everything that a run does, in order: two runs of one seed must have the same (D2).
 * In it are what leaves members for each other and for clients, what they write, sync and apply,
 * and when.
 */
export class TraceHash implements WorldObserver {
  readonly #hash: Hash = createHash("sha256");
  readonly #bytes = Buffer.alloc(bufferBytes);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);
  readonly #nowMillis: () => number;
  #length = 0;

  /** @param nowMillis - Virtual time. */
  constructor(nowMillis: () => number) {
    this.#nowMillis = nowMillis;
  }

  machineAdded(memberId: MemberId, files: SimFileSystem): void {
    const member = shortOf(memberId);
    const add = (tag: number, path: string, second: number = 0): void => {
      this.#add(tag, member, second, path.length);
      this.#addBytes(Buffer.from(path));
    };
    files.addObserver({
      written: (path, position, bytes) => {
        add(tags.written, path, position);
        this.#addBytes(bytes);
      },
      truncated: (path, sizeBytes) => add(tags.truncated, path, sizeBytes),
      synced: (path) => add(tags.synced, path),
      directorySynced: (path) => add(tags.directorySynced, path),
      renamed: (from, to) => add(tags.renamed, `${from}\0${to}`),
      removed: (path) => add(tags.removed, path),
      deceived: (how, path) => add(tags.deceived, `${how}\0${path}`),
      crashed: () => add(tags.crashed, ""),
    });
  }

  started({ memberId, life }: ObservedProcess): void {
    this.#add(tags.started, shortOf(memberId), life);
  }

  ended({ memberId, life }: ObservedProcess, how: EndKind): void {
    this.#add(tags.ended, shortOf(memberId), life, how.length);
  }

  frameLeaves(_: ObservedProcess, to: MemberId, kind: number, payload: Uint8Array): void {
    this.#add(tags.frame, shortOf(to), kind, payload.length);
    this.#addBytes(payload);
  }

  answerLeaves(memberId: MemberId, frame: Frame): void {
    const member = shortOf(memberId);
    if (frame.kind === "data") {
      this.#add(tags.answer, member, frame.call, frame.bytes);
      if (frame.message !== undefined) this.#addBytes(frame.message);
    } else if (frame.kind === "status") {
      this.#add(tags.status, member, frame.call, frame.code);
      this.#addBytes(Buffer.from(frame.details));
    }
  }

  applied({ memberId }: ObservedProcess, { index, term, data }: Entry): void {
    this.#add(tags.applied, shortOf(memberId), index, term);
    this.#addBytes(data);
  }

  restored({ memberId, state }: ObservedProcess): void {
    this.#add(tags.restored, shortOf(memberId), state.appliedIndex);
  }

  readServed({ memberId, state }: ObservedProcess, floorIndex: number): void {
    this.#add(tags.read, shortOf(memberId), state.appliedIndex, floorIndex);
  }

  /** The digest as 64 bits in hex, with the scheduler's count of events and time; ends it. */
  digest({ executed, nowMillis }: SimScheduler): string {
    this.#add(tags.end, executed, nowMillis);
    this.#flush();
    return this.#hash.digest("hex").slice(0, 16);
  }

  /** With the time: the same at another moment is something else. */
  #add(tag: number, first: number, second: number = 0, third: number = 0): void {
    if (this.#length + recordBytes > bufferBytes) this.#flush();
    const at = this.#length;
    this.#view.setUint32(at, (tag << 16) | first);
    this.#view.setFloat64(at + 4, second);
    this.#view.setFloat64(at + 12, third);
    this.#view.setFloat64(at + 20, this.#nowMillis());
    this.#length = at + recordBytes;
  }

  #addBytes(bytes: Uint8Array): void {
    if (this.#length + bytes.length > bufferBytes) this.#flush();
    if (bytes.length > bufferBytes) {
      this.#hash.update(bytes);
      return;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #flush(): void {
    this.#hash.update(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
  }
}

/** Ids are hashes; 16 bits tell the members of a run apart. */
function shortOf(memberId: MemberId): number {
  return Number(memberId % 65_521n);
}
