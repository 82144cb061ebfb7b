/** Told what is damaged; does not return. */
export type RefusePage = (page: number, what: string) => never;

/** What a page is known to be. */
const roles = { unknown: 0, taken: 1, free: 2, leaf: 3, announced: 4, seen: 5 } as const;

/**
 * What each page of a file is used for: no page has two uses.
 *
 * Values of several pages are found while the file is read from its begin to its end, those behind
 * and those ahead of the row that they belong to. So a page that looks like the first of a value is
 * noted as seen until a row names it, and one that a row named is announced until it is read. Nine
 * bytes for a page.
 */
export class PageMap {
  /** Pages of the file. */
  readonly count: number;
  /** Of the transaction in force; those behind the end of the file are free. */
  readonly #lastPage: number;
  readonly #refuse: RefusePage;
  readonly #roles: Uint8Array;
  /** Of a leaf: its branch. Of the first page of a value: its pages. */
  readonly #details: Uint32Array;
  /** Of a leaf: which child of its branch. */
  readonly #children: Uint16Array;
  /** Free pages behind the end of the file, as begin and end. */
  readonly #freeBehind: { readonly begin: number; readonly end: number }[] = [];
  #accounted = 0;

  constructor(filePages: number, lastPage: number, refuse: RefusePage) {
    this.count = Math.min(filePages, lastPage + 1);
    this.#lastPage = lastPage;
    this.#refuse = refuse;
    this.#roles = new Uint8Array(this.count);
    this.#details = new Uint32Array(this.count);
    this.#children = new Uint16Array(this.count);
    this.take(0, 2, 0);
  }

  /** Pages that are used, as far as is known, or free. */
  get accounted(): number {
    return this.#accounted;
  }

  /** A tree, or a value that need not be read, is in some pages. */
  take(first: number, count: number, from: number): void {
    this.#use(first, count, from, roles.taken);
  }

  /** A leaf that is to be read, child of a branch. */
  expectLeaf(page: number, branch: number, child: number, from: number): void {
    this.#use(page, 1, from, roles.leaf);
    this.#details[page] = branch;
    this.#children[page] = child;
  }

  /** A row of page `from` has its value elsewhere. */
  expectValue(first: number, count: number, from: number): void {
    const found = this.#roles[first] === roles.seen ? (this.#details[first] ?? 0) : undefined;
    this.#use(first, count, from, roles.taken);
    // Pages up to that of the row have been read.
    if (found === count) return;
    if (first <= from || found !== undefined) {
      this.#refuse(from, `page ${first} is not the first of a value of ${count} pages`);
    }
    this.#roles[first] = roles.announced;
    this.#details[first] = count;
  }

  /** A page looks like the first one of a value of some pages. */
  see(page: number, pages: number): void {
    this.#roles[page] = roles.seen;
    this.#details[page] = pages;
  }

  /** Free pages. */
  free(first: number, count: number, from: number): void {
    if (first < 2 || count < 1 || first + count - 1 > this.#lastPage) {
      this.#refuse(from, `it lists ${count} free pages from ${first}`);
    }
    const end = first + count;
    if (first < this.count) {
      this.#use(first, Math.min(end, this.count) - first, from, roles.free);
    }
    if (end > this.count) this.#freeBehind.push({ begin: Math.max(first, this.count), end });
  }

  /** All pages behind the end of the file must be free, each once. */
  checkBehind(): void {
    let next = this.count;
    for (const { begin, end } of this.#freeBehind.sort((a, b) => a.begin - b.begin)) {
      if (begin < next) this.#refuse(begin, "it is free twice");
      if (begin > next) break;
      next = end;
    }
    this.#accounted += next - this.count;
    if (next <= this.#lastPage) this.#refuse(next, "it is missing, the file is cut short");
  }

  /** Whether some pages from `begin` to `end` may hold what must be read. */
  isWanted(begin: number, end: number): boolean {
    for (let page = begin; page < end; page++) {
      const role = this.#roles[page];
      if (role === roles.leaf || role === roles.announced || role === roles.unknown) return true;
    }
    return false;
  }

  isUnknown(page: number): boolean {
    return this.#roles[page] === roles.unknown;
  }

  /** Branch and child of a leaf that is to be read; undefined for other pages. */
  leafAt(page: number): { readonly branch: number; readonly child: number } | undefined {
    if (this.#roles[page] !== roles.leaf) return undefined;
    return { branch: this.#details[page] ?? 0, child: this.#children[page] ?? 0 };
  }

  /** Pages of a value that must begin at a page; 0 for other pages. */
  announcedAt(page: number): number {
    return this.#roles[page] === roles.announced ? (this.#details[page] ?? 0) : 0;
  }

  #use(first: number, count: number, from: number, role: number): void {
    if (!(first + count <= this.count && count > 0) || !Number.isSafeInteger(first)) {
      this.#refuse(from, `it leads to page ${first}, the last one is ${this.count - 1}`);
    }
    for (let page = first; page < first + count; page++) {
      const before = this.#roles[page];
      if (before !== roles.unknown && before !== roles.seen) {
        this.#refuse(from, `it leads to page ${page}, which is ${useOf(before)}`);
      }
      this.#roles[page] = role;
    }
    this.#accounted += count;
  }
}

function useOf(role: number | undefined): string {
  return role === roles.free ? "free" : "in use";
}
