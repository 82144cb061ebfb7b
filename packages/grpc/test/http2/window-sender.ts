import { data, FrameType } from "./frames.ts";
import type { RawClient } from "./raw-client.ts";

/** How {@link WindowSender.send} cuts what it sends. */
export interface CutOptions {
  readonly endStream?: boolean;
  /** Most bytes of a frame's content. @default 16384 less the padding */
  readonly frameBytes?: number;
  /** Bytes of padding of each frame. @default none */
  readonly padding?: number;
}

const initialWindow = 65_535;

/** Sends DATA as a client must: never more than the server's windows allow. */
export class WindowSender {
  readonly #client: RawClient;
  readonly #sent = new Map<number, number>();
  /** By WINDOW_UPDATE, for each stream. */
  readonly #credits = new Map<number, number>();
  /** Frames of the client that were looked at. */
  #read = 0;
  readonly #initialWindow: number;
  #sentInAll = 0;

  constructor(client: RawClient) {
    this.#client = client;
    this.#initialWindow = client.serverSettings().get(4) ?? initialWindow;
  }

  /** Bytes that may be sent on the connection now. */
  get connectionWindow(): number {
    return initialWindow + this.#credit(0) - this.#sentInAll;
  }

  /** Bytes that may be sent on a stream now, as far as the stream goes. */
  streamWindow(stream: number): number {
    return this.#initialWindow + this.#credit(stream) - (this.#sent.get(stream) ?? 0);
  }

  /** Counts DATA that was sent past this object. */
  count(stream: number, bytes: number): void {
    this.#sent.set(stream, (this.#sent.get(stream) ?? 0) + bytes);
    this.#sentInAll += bytes;
  }

  /** Sends bytes in as many frames as it takes, waiting for credit; padding counts. */
  async send(stream: number, bytes: Buffer, options: CutOptions = {}): Promise<void> {
    const overhead = options.padding === undefined ? 0 : options.padding + 1;
    const most = Math.min(options.frameBytes ?? 16_384, 16_384 - overhead);
    const isReset = (): boolean => this.#client.untaken(FrameType.rstStream, stream).length > 0;
    for (let at = 0; at < bytes.length;) {
      const room = (): number =>
        Math.min(this.connectionWindow, this.streamWindow(stream)) - overhead;
      await this.#client.until("room in the windows", () => room() > 0 || isReset());
      if (isReset()) return;
      const end = Math.min(bytes.length, at + Math.min(most, room()));
      const isEnd = options.endStream === true && end === bytes.length;
      const padding = options.padding === undefined ? {} : { padding: options.padding };
      this.#client.send(data(stream, bytes.subarray(at, end), { endStream: isEnd, ...padding }));
      this.count(stream, end - at + overhead);
      at = end;
    }
  }

  #credit(stream: number): number {
    const { seen } = this.#client;
    for (; this.#read < seen.length; this.#read += 1) {
      const frame = seen[this.#read];
      if (frame?.type !== FrameType.windowUpdate) continue;
      const credit = this.#credits.get(frame.stream) ?? 0;
      this.#credits.set(frame.stream, credit + frame.payload.readUInt32BE(0));
    }
    return this.#credits.get(stream) ?? 0;
  }
}
