/**
 * The contents of a simulated file: pages of 4 KiB that exist once written, holes read as zeros.
 *
 * Copies share their pages until one of them writes: what a crash or an image of a disk copies is
 * little, however large the files are.
 *
 * Invariant: bytes of a page beyond `sizeBytes` are zero.
 */
export class PagedBytes {
  readonly #pages = new Map<number, Page>();
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
      else target.set(page.bytes.subarray(offset, offset + length), done);
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
      const isNew = !this.#pages.has(number);
      if (isNew && pagesLeft-- <= 0) break;
      this.#own(number).set(source.subarray(done, done + length), offset);
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
      if (this.#pages.has(last)) this.#own(last).fill(0, sizeBytes % pageBytes);
    }
    this.#sizeBytes = sizeBytes;
  }

  /** Whether these bytes are at `position`. */
  holds(bytes: Uint8Array, position: number): boolean {
    if (position + bytes.length > this.#sizeBytes) return false;
    for (let done = 0; done < bytes.length;) {
      const offset = (position + done) % pageBytes;
      const length = Math.min(pageBytes - offset, bytes.length - done);
      const page = this.#pages.get(Math.floor((position + done) / pageBytes))?.bytes ?? zeroPage;
      const wanted = bytes.subarray(done, done + length);
      if (Buffer.compare(page.subarray(offset, offset + length), wanted) !== 0) return false;
      done += length;
    }
    return true;
  }

  /** A copy that neither sees the other's later writes. O(pages). */
  clone(): PagedBytes {
    const copy = new PagedBytes();
    for (const [number, page] of this.#pages) {
      page.isShared = true;
      copy.#pages.set(number, page);
    }
    copy.#sizeBytes = this.#sizeBytes;
    return copy;
  }

  /** The bytes of a page to be written to. */
  #own(number: number): Uint8Array {
    const page = this.#pages.get(number);
    if (page?.isShared === false) return page.bytes;
    const bytes = page === undefined ? new Uint8Array(pageBytes) : page.bytes.slice();
    this.#pages.set(number, { bytes, isShared: false });
    return bytes;
  }
}

interface Page {
  readonly bytes: Uint8Array;
  /** Others may hold it, too: it is copied before it is written to. */
  isShared: boolean;
}

/** Unit of allocation. */
export const pageBytes = 4096;

const zeroPage = new Uint8Array(pageBytes);
