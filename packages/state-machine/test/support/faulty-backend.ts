import type {
  Backend,
  BackendSnapshot,
  BucketName,
  Key,
  RowSpace,
  RowVisitor,
  ScanRange,
} from "@quorate/mvcc";

/** What a {@link FaultyBackend} throws. */
export class InjectedFault extends Error {
  override readonly name = "InjectedFault";
}

/** Passes everything on to another backend, but breaks at a chosen write. */
export class FaultyBackend implements Backend {
  readonly #inner: Backend;
  /** Writes (staged rows and ends of units) left until one throws; undefined for none. */
  writesUntilFault: number | undefined;
  readonly #makeFault: () => Error;

  constructor(inner: Backend, makeFault: () => Error = () => new InjectedFault("injected")) {
    this.#inner = inner;
    this.#makeFault = makeFault;
  }

  get sizeBytes(): number {
    return this.#inner.sizeBytes;
  }

  get sizeInUseBytes(): number {
    return this.#inner.sizeInUseBytes;
  }

  get stagedBytes(): number {
    return this.#inner.stagedBytes;
  }

  get(bucket: BucketName, key: Key): Uint8Array | undefined {
    return this.#inner.get(bucket, key);
  }

  put(bucket: BucketName, key: Key, value: Uint8Array): void {
    this.#countWrite();
    this.#inner.put(bucket, key, value);
  }

  stageVersion(main: number, sub: number, isTombstone: boolean, sizeBytes: number): RowSpace {
    this.#countWrite();
    return this.#inner.stageVersion(main, sub, isTombstone, sizeBytes);
  }

  getVersion(main: number, sub: number): Uint8Array | undefined {
    return this.#inner.getVersion(main, sub);
  }

  delete(bucket: BucketName, key: Key): void {
    this.#countWrite();
    this.#inner.delete(bucket, key);
  }

  scan(bucket: BucketName, range: ScanRange, visit: RowVisitor): void {
    this.#inner.scan(bucket, range, visit);
  }

  rowCount(bucket: BucketName): number | undefined {
    return this.#inner.rowCount(bucket);
  }

  condemn(what: string): never {
    return this.#inner.condemn(what);
  }

  endUnit(mark?: number): void {
    this.#countWrite();
    this.#inner.endUnit(mark);
  }

  durableMark(): number {
    return this.#inner.durableMark();
  }

  flush(): Promise<void> {
    return this.#inner.flush();
  }

  snapshotTo(path: string): Promise<BackendSnapshot> {
    return this.#inner.snapshotTo(path);
  }

  verifyCopy(path: string): Promise<void> {
    return this.#inner.verifyCopy(path);
  }

  replaceWith(path: string): Promise<void> {
    return this.#inner.replaceWith(path);
  }

  defragment(): Promise<void> {
    return this.#inner.defragment();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #countWrite(): void {
    if (this.writesUntilFault === undefined) return;
    if (this.writesUntilFault === 0) throw this.#makeFault();
    this.writesUntilFault -= 1;
  }
}
