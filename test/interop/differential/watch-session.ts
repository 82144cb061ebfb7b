import {
  services,
  type WatchCreateRequestInit,
  type WatchRequestInit,
  type WatchResponse,
} from "@quorate/api";
import { bytes, type Text } from "./requests.ts";
import type { StreamEnd, StreamSession } from "./stream-session.ts";

/** Options of a watch beside its key. */
export interface WatchParts extends Omit<WatchCreateRequestInit, "key" | "rangeEnd"> {
  readonly end?: Text;
}

/** One watched change. */
export interface SeenEvent {
  readonly type: "PUT" | "DELETE";
  readonly key: string;
  readonly modRevision: number;
}

/** Keys as a scenario names them. */
export interface KeyNames {
  key(name: string): string;
  endOf(name: string): string;
}

const method = services.watch.watch;

/** A Watch stream of a scenario; what is received is recorded. */
export class WatchSession {
  readonly #names: KeyNames;
  readonly #stream: StreamSession;
  readonly #record: (what: string, answer: unknown) => void;
  readonly #replayed: WatchResponse[] = [];

  constructor(
    names: KeyNames,
    stream: StreamSession,
    record: (what: string, answer: unknown) => void,
  ) {
    this.#names = names;
    this.#stream = stream;
    this.#record = record;
  }

  /** Asks for a watch of one key of the scenario, or of a range. */
  create(key: string, parts: WatchParts = {}): void {
    this.createRaw(this.#names.key(key), parts);
  }

  /** Asks for a watch of every key of the scenario that begins with `prefix`. */
  createPrefix(prefix: string, parts: WatchParts = {}): void {
    this.create(prefix, { ...parts, end: this.#names.endOf(prefix) });
  }

  /** As {@link WatchSession.create}, for a key outside the scenario. */
  createRaw(key: Text, { end = "", ...rest }: WatchParts = {}): void {
    const value = { ...rest, key: bytes(key), rangeEnd: bytes(end) };
    this.send({ requestUnion: { case: "createRequest", value } });
  }

  cancel(watchId: bigint): void {
    this.send({ requestUnion: { case: "cancelRequest", value: { watchId } } });
  }

  requestProgress(): void {
    this.send({ requestUnion: { case: "progressRequest", value: {} } });
  }

  send(request: WatchRequestInit): void {
    this.#stream.send(method.encodeRequest(request));
  }

  sendBytes(request: Uint8Array): void {
    this.#stream.send(request);
  }

  /** The next response, recorded. */
  async next(): Promise<WatchResponse> {
    const response = await this.nextQuietly();
    this.#record("WatchResponse", response);
    return response;
  }

  /** Puts responses back that were read already, to be read first. */
  replayed(responses: readonly WatchResponse[]): this {
    this.#replayed.push(...responses);
    return this;
  }

  /** The next response, not recorded. */
  async nextQuietly(): Promise<WatchResponse> {
    const again = this.#replayed.shift();
    if (again !== undefined) return again;
    const message = await this.#stream.next();
    if (message === undefined) {
      const { code, message: text } = await this.#stream.end();
      throw new Error(`The watch stream ended with code ${code} "${text}"`);
    }
    return method.decodeResponse(message);
  }

  /** Creates a watch and waits for the answer, recorded. */
  async created(key: string, parts: WatchParts = {}): Promise<WatchResponse> {
    this.create(key, parts);
    return await this.next();
  }

  /**
   * Reads responses until `count` events of one watch have come, whatever the borders between
   * responses are; records the events.
   */
  async events(watchId: bigint, count: number): Promise<readonly SeenEvent[]> {
    const seen: WatchResponse["events"] = [];
    while (seen.length < count) {
      const response = await this.nextQuietly();
      if (response.watchId !== watchId || response.canceled || response.created) {
        this.#record("unexpected WatchResponse", response);
        throw new Error(`Waited for events of watch ${watchId}, another response came`);
      }
      seen.push(...response.events);
    }
    this.#record(`events of watch ${watchId}`, seen);
    return seen.map(({ type, kv }) => ({
      type: type === 0 ? "PUT" : "DELETE",
      key: Buffer.from(kv?.key ?? []).toString("latin1"),
      modRevision: kv?.modRevision ?? 0,
    }));
  }

  halfClose(): void {
    this.#stream.halfClose();
  }

  abort(): void {
    this.#stream.cancel();
  }

  /** Waits for the end of the stream; recorded. */
  async end(): Promise<StreamEnd> {
    const end = await this.#stream.end();
    this.#record("end of the watch stream", end);
    return end;
  }
}
