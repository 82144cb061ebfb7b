import { PagedBytes } from "./paged-bytes.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** What is left of un-synced operations after a crash. */
export type CrashDamage =
  /** Each file and directory draws: all, none, a torn prefix, or any subset in any order, torn. */
  | "random"
  /** The kernel had written everything: a killed process rather than a power cut. */
  | "keep-all"
  /** Nothing beyond the last sync. */
  | "drop-all";

/** A file or a directory. */
export type SimInode = SimFile | SimDirectory;

/**
 * A file: what the process sees, what the platters hold, and the operations in between.
 *
 * Invariant: `current` equals `durable` with all of `pending` carried out, unless pages were
 * dropped by a failed sync.
 */
export class SimFile {
  readonly kind = "file";
  /** Where the process finds it; see {@link pathOf}. */
  place: SimPlace | undefined;
  current: PagedBytes = new PagedBytes();
  #durable = new PagedBytes();
  #pending: FileOperation[] = [];
  #sequence = 0;

  /** Marks everything up to now; for {@link SimFile.sync} when the disk has answered. */
  get mark(): number {
    return this.#sequence;
  }

  /** Whether anything is not yet durable. */
  get isDirty(): boolean {
    return this.#pending.length > 0;
  }

  /**
   * @param bytes - The file's own from now on.
   * @returns How many bytes fitted into `pagesLeft` new pages.
   */
  write(bytes: Uint8Array, position: number, pagesLeft: number): number {
    const written = this.current.write(bytes, position, pagesLeft);
    if (written > 0) {
      const kept = bytes.subarray(0, written);
      this.#pending.push({ kind: "write", sequence: ++this.#sequence, position, bytes: kept });
    }
    return written;
  }

  /** Whether these bytes are on the platters at `position`. */
  holdsDurably(bytes: Uint8Array, position: number): boolean {
    return this.#durable.holds(bytes, position);
  }

  /** How long the file is on the platters. */
  get durableSizeBytes(): number {
    return this.#durable.sizeBytes;
  }

  truncate(sizeBytes: number): void {
    this.current.truncate(sizeBytes);
    this.#pending.push({ kind: "truncate", sequence: ++this.#sequence, sizeBytes });
  }

  /** Makes the operations up to the mark durable. */
  sync(mark: number): void {
    let count = 0;
    for (const operation of this.#pending) {
      if (operation.sequence > mark) break;
      carryOut(this.#durable, operation);
      count++;
    }
    this.#pending.splice(0, count);
  }

  /** What the process sees is what is durable. */
  settle(): void {
    this.#durable = this.current.clone();
    this.#pending = [];
  }

  /**
   * What a kernel does whose disk refused a page: some pages may have arrived, the others are
   * marked clean, so that the next sync succeeds without them (C35). Reads still show them.
   */
  failSync(random: SeededRandom): void {
    persistSome(this.#durable, this.#pending, random);
    this.#pending = [];
  }

  /** Loses what was not synced. */
  crash(damage: CrashDamage, random: SeededRandom): void {
    if (damage === "keep-all") this.sync(this.mark);
    if (damage === "random") persistSome(this.#durable, this.#pending, random);
    this.#pending = [];
    this.current = this.#durable.clone();
  }

  /** Changes one bit on the platters and in the cache. */
  flipBit(position: number, bit: number): void {
    for (const image of [this.current, this.#durable]) {
      const byte = new Uint8Array(1);
      if (image.read(byte, position) === 0) continue;
      byte[0] = (byte[0] ?? 0) ^ (1 << bit);
      image.write(byte, position);
    }
  }

  clone(): SimFile {
    const copy = new SimFile();
    copy.current = this.current.clone();
    copy.#durable = this.#durable.clone();
    copy.#pending = [...this.#pending];
    copy.#sequence = this.#sequence;
    return copy;
  }
}

/** A directory: names as the process sees them, as the platters hold them, changes in between. */
export class SimDirectory {
  readonly kind = "directory";
  place: SimPlace | undefined;
  readonly entries: Map<string, SimInode> = new Map();
  readonly #durable = new Map<string, SimInode>();
  #pending: DirectoryOperation[] = [];

  /** Inodes that the process or the platters still know. */
  *children(): Iterable<SimInode> {
    yield* this.entries.values();
    yield* this.#durable.values();
    for (const operation of this.#pending) {
      for (const inode of operation.values()) if (inode !== undefined) yield inode;
    }
  }

  /** Sets and removes names at one stroke; a crash keeps all of them or none. */
  change(names: readonly (readonly [string, SimInode | undefined])[]): void {
    const operation: DirectoryOperation = new Map(names);
    assign(this.entries, operation);
    for (const [name, inode] of names) this.#place(name, inode);
    this.#pending.push(operation);
  }

  /** What the platters know under a name. */
  durableEntry(name: string): SimInode | undefined {
    return this.#durable.get(name);
  }

  sync(): void {
    for (const operation of this.#pending) assign(this.#durable, operation);
    this.#pending = [];
  }

  /** What the process sees is what is durable. */
  settle(): void {
    this.sync();
  }

  crash(damage: CrashDamage, random: SeededRandom): void {
    const style = damage === "random" ? random.pick(styles) : damage;
    const prefix = random.nextInt(this.#pending.length + 1);
    this.#pending.forEach((operation, i) => {
      const isKept =
        style === "keep-all" ||
        (style === "prefix" && i < prefix) ||
        (style === "subset" && random.chance(0.5));
      if (isKept) assign(this.#durable, operation);
    });
    this.#pending = [];
    this.entries.clear();
    for (const [name, inode] of this.#durable) {
      this.entries.set(name, inode);
      this.#place(name, inode);
    }
  }

  /** @param copies - Inodes already copied, so that one with two names stays one. */
  clone(copies: Map<SimInode, SimInode> = new Map()): SimDirectory {
    const copy = new SimDirectory();
    copies.set(this, copy);
    const cloneOf = (inode: SimInode): SimInode => {
      const known = copies.get(inode) ?? inode.clone(copies);
      copies.set(inode, known);
      return known;
    };
    for (const [name, inode] of this.entries) {
      const known = cloneOf(inode);
      copy.entries.set(name, known);
      copy.#place(name, known);
    }
    for (const [name, inode] of this.#durable) copy.#durable.set(name, cloneOf(inode));
    for (const operation of this.#pending) {
      copy.#pending.push(
        new Map([...operation].map(([name, inode]) => [name, inode && cloneOf(inode)])),
      );
    }
    return copy;
  }

  #place(name: string, inode: SimInode | undefined): void {
    if (inode !== undefined) inode.place = { directory: this, name };
  }
}

/** A name in a directory. */
export interface SimPlace {
  readonly directory: SimDirectory;
  readonly name: string;
}

/** The path under which a process finds an inode now; undefined when it has none any more. */
export function pathOf(inode: SimInode): string | undefined {
  let path = "";
  for (let at = inode; at.place !== undefined; at = at.place.directory) {
    const { directory, name } = at.place;
    if (directory.entries.get(name) !== at) return undefined;
    path = `/${name}${path}`;
  }
  return path === "" ? undefined : path;
}

type FileOperation =
  | {
      readonly kind: "write";
      readonly sequence: number;
      readonly position: number;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: "truncate"; readonly sequence: number; readonly sizeBytes: number };

/** Names to their new inode, or undefined for a removed name. */
type DirectoryOperation = ReadonlyMap<string, SimInode | undefined>;

const styles = ["keep-all", "drop-all", "prefix", "subset"] as const;

/** What a disk writes without falling in two. */
const sectorBytes = 512;

function assign(names: Map<string, SimInode>, operation: DirectoryOperation): void {
  for (const [name, inode] of operation) {
    if (inode === undefined) names.delete(name);
    else names.set(name, inode);
  }
}

function carryOut(image: PagedBytes, operation: FileOperation): void {
  if (operation.kind === "truncate") image.truncate(operation.sizeBytes);
  else image.write(operation.bytes, operation.position);
}

/** Lets some of the operations reach the platters, in the ways disks and file systems do (B2). */
function persistSome(
  image: PagedBytes,
  operations: readonly FileOperation[],
  random: SeededRandom,
): void {
  const style = random.pick(styles);
  const prefix = random.nextInt(operations.length + 1);
  operations.forEach((operation, i) => {
    if (style === "keep-all" || (style === "prefix" && i < prefix)) carryOut(image, operation);
    else if (style === "prefix" && i === prefix) tear(image, operation, random, "prefix");
    else if (style === "subset") {
      const fate = random.pick(["keep", "drop", "sectors", "prefix", "zeros"] as const);
      if (fate === "keep") carryOut(image, operation);
      else if (fate !== "drop") tear(image, operation, random, fate);
    }
  });
}

/**
 * Carries a write out in part: a prefix of its bytes, any of its sectors, or only the growth of
 * the file. A truncation is never half done.
 */
function tear(
  image: PagedBytes,
  operation: FileOperation,
  random: SeededRandom,
  fate: "sectors" | "prefix" | "zeros",
): void {
  if (operation.kind === "truncate") return;
  const { bytes, position } = operation;
  const end = position + bytes.length;
  if (fate === "prefix") {
    image.write(bytes.subarray(0, random.nextInt(bytes.length)), position);
    return;
  }
  if (end > image.sizeBytes && (fate === "zeros" || random.chance(0.5))) image.truncate(end);
  if (fate === "zeros") return;
  for (let at = position; at < end;) {
    const next = Math.min(end, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    if (random.chance(0.5)) image.write(bytes.subarray(at - position, next - position), at);
    at = next;
  }
}
