/**
 * The contents of a simulated file: pages of 4 KiB that exist once written, holes read as zeros.
 *
 * Invariant: bytes of a page beyond `sizeBytes` are zero.
 */
export class PagedBytes {
  readonly #pages = new Map<number, Uint8Array>();
  #sizeBytes = 0;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Pages that take space on the disk. */
  get allocatedPages(): number {
    return this.#pages.size;
  }

  /** Copies bytes into `target`; returns the count, 0 at or behind the end. */
  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.#sizeBytes - position));
    for (let done = 0; done < count;) {
      const offset = (position + done) % pageBytes;
      const length = Math.min(pageBytes - offset, count - done);
      const page = this.#pages.get(Math.floor((position + done) / pageBytes));
      if (page === undefined) target.fill(0, done, done + length);
      else target.set(page.subarray(offset, offset + length), done);
      done += length;
    }
    return count;
  }

  /**
   * Copies bytes in.
   *
   * @param pagesLeft - How many pages may be added. @default Infinity
   * @returns How many bytes fitted.
   */
  write(source: Uint8Array, position: number, pagesLeft: number = Infinity): number {
    let done = 0;
    while (done < source.length) {
      const number = Math.floor((position + done) / pageBytes);
      const offset = (position + done) % pageBytes;
      const length = Math.min(pageBytes - offset, source.length - done);
      let page = this.#pages.get(number);
      if (page === undefined) {
        if (pagesLeft-- <= 0) break;
        page = new Uint8Array(pageBytes);
        this.#pages.set(number, page);
      }
      page.set(source.subarray(done, done + length), offset);
      done += length;
    }
    if (done > 0) this.#sizeBytes = Math.max(this.#sizeBytes, position + done);
    return done;
  }

  /** Cuts or extends with a hole. */
  truncate(sizeBytes: number): void {
    if (sizeBytes < this.#sizeBytes) {
      const last = Math.floor(sizeBytes / pageBytes);
      for (const number of [...this.#pages.keys()]) {
        if (number > last || (number === last && sizeBytes % pageBytes === 0)) {
          this.#pages.delete(number);
        }
      }
      this.#pages.get(last)?.fill(0, sizeBytes % pageBytes);
    }
    this.#sizeBytes = sizeBytes;
  }

  /** A deep copy. */
  clone(): PagedBytes {
    const copy = new PagedBytes();
    for (const [number, page] of this.#pages) copy.#pages.set(number, page.slice());
    copy.#sizeBytes = this.#sizeBytes;
    return copy;
  }
}

/** Unit of allocation. */
export const pageBytes = 4096;
