import { crc32 } from "node:zlib";
import type { SimScheduler } from "@quorate/platform/sim";
import type { Entry, MemberId } from "@quorate/raft";
import type { EndKind, ObservedProcess, WorldObserver } from "./observer.ts";

/** A digest of everything that a run does, in order: two runs of one seed must have the same. */
export class TraceHash implements WorldObserver {
  readonly #numbers = new Float64Array(4);
  readonly #bytes = Buffer.from(this.#numbers.buffer);
  #crc = 0;

  started({ memberId, life }: ObservedProcess): void {
    this.#add(1, Number(memberId % 65_521n), life);
  }

  ended({ memberId, life }: ObservedProcess, how: EndKind): void {
    this.#add(2, Number(memberId % 65_521n), life, how.length);
  }

  frameLeaves(_: ObservedProcess, to: MemberId, kind: number, payload: Uint8Array): void {
    this.#add(3, Number(to % 65_521n), kind);
    this.#crc = crc32(payload, this.#crc);
  }

  applied({ memberId }: ObservedProcess, { index, term, data }: Entry): void {
    this.#add(4, Number(memberId % 65_521n), index, term);
    this.#crc = crc32(data, this.#crc);
  }

  /** The digest as hex, with the scheduler's count of events and time. */
  digest({ executed, nowMillis }: SimScheduler): string {
    this.#add(5, executed, nowMillis);
    return this.#crc.toString(16).padStart(8, "0");
  }

  #add(kind: number, first: number, second: number, third: number = 0): void {
    this.#numbers[0] = kind;
    this.#numbers[1] = first;
    this.#numbers[2] = second;
    this.#numbers[3] = third;
    this.#crc = crc32(this.#bytes, this.#crc);
  }
}
