/** Most rows that the cache can hold. A power of two. */
const slots = 65_536;
const pageBytes = 64 * 1024;
/** Rows above this size are not worth their place. */
const rowBytesMax = pageBytes / 8;

/**
 * Bytes of rows that are read again and again, so that they need no lookup in the database.
 *
 * A row never changes, so nothing is kept up to date. It has one slot, chosen by its revision:
 * neighbours in history never compete. It is admitted when it is asked for the second time without
 * another row of its slot in between, so one walk over everything displaces nothing. Rows are
 * copied into pages, and the oldest page is dropped whole: memory is bounded by bytes, and whoever
 * still holds a row holds one page.
 */
export class RowCache {
  readonly #pagesMax: number;
  readonly #mains = new Float64Array(slots);
  readonly #subs = new Float64Array(slots);
  readonly #rows: (Uint8Array | undefined)[] = [];
  /** Pages with the slots of their rows, oldest first. */
  #pages: Page[] = [];

  /** @param bytesMax - Most bytes of rows; 0 keeps nothing. */
  constructor(bytesMax: number) {
    this.#pagesMax = Math.floor(bytesMax / pageBytes);
    for (let slot = 0; slot < slots; slot++) this.#rows.push(undefined);
  }

  /** Bytes of the pages. */
  get sizeBytes(): number {
    return this.#pages.length * pageBytes;
  }

  /** A row that is kept; undefined if it is not here. */
  get(main: number, sub: number): Uint8Array | undefined {
    const slot = slotOf(main, sub);
    if (this.#mains[slot] !== main || this.#subs[slot] !== sub) return undefined;
    return this.#rows[slot];
  }

  /** Offers a row that had to be read; its bytes are copied if it is taken. */
  offer(main: number, sub: number, row: Uint8Array): void {
    const slot = slotOf(main, sub);
    if (this.#mains[slot] !== main || this.#subs[slot] !== sub) {
      this.#mains[slot] = main;
      this.#subs[slot] = sub;
      this.#rows[slot] = undefined;
      return;
    }
    if (row.length > rowBytesMax || this.#pagesMax === 0) return;
    const page = this.#pageFor(row.length);
    const begin = page.used;
    page.used += row.length;
    page.slots.push(slot);
    const copy = page.bytes.subarray(begin, page.used);
    copy.set(row);
    this.#rows[slot] = copy;
    page.rows.push(copy);
  }

  /** Lets go of a row that is about to be removed or replaced. */
  forget(main: number, sub: number): void {
    const slot = slotOf(main, sub);
    if (this.#mains[slot] === main && this.#subs[slot] === sub) this.#rows[slot] = undefined;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#pages = [];
    this.#mains.fill(0);
    this.#rows.fill(undefined);
  }

  #pageFor(rowBytes: number): Page {
    const last = this.#pages[this.#pages.length - 1];
    if (last !== undefined && last.used + rowBytes <= pageBytes) return last;
    if (this.#pages.length >= this.#pagesMax) this.#dropOldest();
    const page = new Page();
    this.#pages.push(page);
    return page;
  }

  #dropOldest(): void {
    const page = this.#pages.shift();
    page?.slots.forEach((slot, at) => {
      // Its slot may have gone to another row since.
      if (this.#rows[slot] === page.rows[at]) this.#rows[slot] = undefined;
    });
  }
}

class Page {
  readonly bytes = Buffer.allocUnsafeSlow(pageBytes);
  readonly slots: number[] = [];
  readonly rows: Uint8Array[] = [];
  used = 0;
}

/** Distance of the slots of two sub revisions of one revision, odd. */
const subStride = 40_503;

function slotOf(main: number, sub: number): number {
  return ((main >>> 0) + Math.imul(sub, subStride)) & (slots - 1);
}
