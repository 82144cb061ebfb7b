import type { PageMap, RefusePage } from "./page-map.ts";

/**
 * One record of the list of free pages, taken in parts.
 *
 * It is made of words of 64 bits: the number of those that follow and mean something, then pages.
 * A negative word is the length of a run, whose first page is the next word; zeros are left-over
 * room.
 */
export class FreeRecord {
  /** Page that the record belongs to. */
  readonly #page: number;
  readonly #map: PageMap;
  readonly #refuse: RefusePage;
  readonly #wordsMax: number;
  #wordsLeft: number | undefined;
  /** Length of the run that is about to be told. */
  #run = 0;

  /** @param sizeBytes - Of the record, which its count must not exceed. */
  constructor(page: number, sizeBytes: number, map: PageMap, refuse: RefusePage) {
    this.#page = page;
    this.#map = map;
    this.#refuse = refuse;
    this.#wordsMax = sizeBytes / 8 - 1;
    if (this.#wordsMax < 0 || !Number.isInteger(this.#wordsMax)) {
      refuse(page, `a record of free pages has ${sizeBytes} bytes`);
    }
  }

  /** Takes the next words; what is behind the last one that counts is left alone. */
  push(bytes: Buffer): void {
    let at = 0;
    if (this.#wordsLeft === undefined) {
      const words = Number(bytes.readBigUInt64LE(0));
      if (words > this.#wordsMax) {
        this.#refuse(this.#page, `a record of ${this.#wordsMax} free pages tells of ${words}`);
      }
      this.#wordsLeft = words;
      at = 8;
    }
    for (; at < bytes.length && this.#wordsLeft > 0; at += 8, this.#wordsLeft--) {
      const word = Number(bytes.readBigInt64LE(at));
      if (this.#run > 0) {
        this.#map.free(word, this.#run, this.#page);
        this.#run = 0;
      } else if (word < 0) this.#run = -word;
      else if (word > 0) this.#map.free(word, 1, this.#page);
    }
  }

  /** After the last words. */
  end(): void {
    if (this.#run > 0) this.#refuse(this.#page, "a run of free pages has no first page");
  }
}
