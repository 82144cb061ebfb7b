/** A connection to one member that workloads use without the client around it. */

/** How a stream ended; undefined fields never. */
export interface RawCallError {
  readonly grpcCode: number;
  readonly details: string;
}

/** Who hears of a raw stream. */
export interface RawStreamListener {
  onMessage(message: Uint8Array): void;
  /** Once, and last; undefined for an end in good order. */
  onEnd(error: RawCallError | undefined): void;
}

/** A raw stream under way. */
export interface RawStream {
  /** Sends a message; nothing when the call has ended. */
  write(message: Uint8Array): void;
  cancel(): void;
}

/** What a workload needs of the client's `Channel`, which fits this. */
export interface RawChannel {
  /** False when it was refused or took longer than `waitMillis`. */
  connect(waitMillis: number, signal: AbortSignal | undefined): Promise<boolean>;
  bidiStream(
    path: string,
    settings: { readonly headers: ReadonlyMap<string, string> },
    listener: RawStreamListener,
  ): RawStream;
  close(): void;
}
