/** A promise that is settled from outside. */
export interface Signal<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

/** Makes a {@link Signal}. */
export function signal<T>(): Signal<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}
