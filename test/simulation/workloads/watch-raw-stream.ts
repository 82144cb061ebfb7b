/** One Watch stream as it is on the wire: requests out, answers into the records of watchers. */
import {
  EventEventType,
  services,
  WatchCreateRequestFilterType,
  type Event,
  type KeyValue,
  type WatchResponse,
} from "@quorate/api";

import type { SeenEvent } from "../history/watch-history.ts";
import { fromLatin1, latin1 } from "./pacing.ts";
import type { RawChannel, RawStream } from "./watch-channel.ts";
import type { WatchLog } from "./watch-log.ts";

const method = services.watch.watch;

/** A create request without its answer yet. */
type Pending =
  | { readonly kind: "watcher"; readonly log: WatchLog }
  | { readonly kind: "refusal"; readonly onAnswer: (reason: string | undefined) => void };

/** See the head of the file. */
export class WatchRawStream {
  readonly #stream: RawStream;
  readonly #nowMillis: () => number;
  readonly #pending: Pending[] = [];
  readonly #logs = new Map<bigint, WatchLog>();
  readonly #cancelling = new Set<bigint>();
  readonly #ended: Promise<void>;
  #isOpen = true;
  /** Set when the server says something that no server may say. */
  #breach: Error | undefined;

  constructor(
    channel: RawChannel,
    headers: ReadonlyMap<string, string>,
    nowMillis: () => number,
    onChange: () => void,
  ) {
    this.#nowMillis = nowMillis;
    let end: () => void = () => undefined;
    this.#ended = new Promise((resolve) => {
      end = resolve;
    });
    this.#stream = channel.bidiStream(
      method.path,
      { headers },
      {
        onMessage: (message) => {
          try {
            this.#answer(method.decodeResponse(message));
          } catch (error) {
            this.#breach ??= error instanceof Error ? error : new Error(String(error));
            this.#stream.cancel();
          }
          onChange();
        },
        onEnd: () => {
          this.#isOpen = false;
          end();
          onChange();
        },
      },
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Resolves when the stream has ended, for whatever reason. @throws what broke the protocol */
  async ended(): Promise<void> {
    await this.#ended;
    if (this.#breach !== undefined) throw this.#breach;
  }

  /** Watchers that were created and not cancelled. */
  get live(): readonly WatchLog[] {
    return [...this.#logs.values()].filter(({ isCancelled }) => !isCancelled);
  }

  /** Ids that are in use and will be until we say otherwise. */
  get liveIds(): readonly bigint[] {
    const isLive = ([id, log]: readonly [bigint, WatchLog]): boolean =>
      !log.isCancelled && !this.#cancelling.has(id);
    return [...this.#logs].filter(isLive).map(([id]) => id);
  }

  /** Creates a watcher from its log's next revision on. @param watchId - 0n: the server's choice */
  create(log: WatchLog, options: { readonly fragment: boolean; readonly watchId: bigint }): void {
    this.#pending.push({ kind: "watcher", log });
    log.asked(options);
    const { key, rangeEnd, startRevision, previous, withoutPuts, withoutDeletes } = log.wish;
    this.#write({
      case: "createRequest",
      value: {
        key: fromLatin1(key),
        rangeEnd: fromLatin1(rangeEnd),
        startRevision,
        prevKv: previous,
        filters: [
          ...(withoutPuts ? [WatchCreateRequestFilterType.NOPUT] : []),
          ...(withoutDeletes ? [WatchCreateRequestFilterType.NODELETE] : []),
        ],
        progressNotify: true,
        fragment: options.fragment,
        watchId: options.watchId,
      },
    });
  }

  /** Asks for a watcher that must be refused; hears the reason, undefined when it was created. */
  createRefused(
    request: {
      readonly key: string;
      readonly rangeEnd: string;
      readonly startRevision: number;
      readonly watchId: bigint;
    },
    onAnswer: (reason: string | undefined) => void,
  ): void {
    this.#pending.push({ kind: "refusal", onAnswer });
    this.#write({
      case: "createRequest",
      value: {
        ...{ startRevision: request.startRevision, watchId: request.watchId },
        ...{ key: fromLatin1(request.key), rangeEnd: fromLatin1(request.rangeEnd) },
      },
    });
  }

  cancelWatcher(watchId: bigint): void {
    this.#cancelling.add(watchId);
    this.#write({ case: "cancelRequest", value: { watchId } });
  }

  /** Asks how far the whole stream is. */
  requestProgress(): void {
    this.#write({ case: "progressRequest", value: {} });
  }

  close(): void {
    this.#stream.cancel();
  }

  #write(requestUnion: Parameters<typeof method.encodeRequest>[0]["requestUnion"]): void {
    this.#stream.write(method.encodeRequest({ requestUnion }));
  }

  #answer(response: WatchResponse): void {
    const atMillis = this.#nowMillis();
    const revision = response.header?.revision ?? 0;
    if (response.created) {
      this.#created(response, atMillis, revision);
      return;
    }
    if (response.watchId === -1n && response.events.length === 0 && !response.canceled) {
      for (const log of this.live) log.progress(atMillis, revision);
      return;
    }
    const log = this.#logs.get(response.watchId);
    if (log === undefined) throw new Error(`an answer for watcher ${response.watchId}, unknown`);
    if (response.canceled || response.compactRevision !== 0) {
      const { cancelReason: reason, compactRevision } = response;
      const isAsked = compactRevision === 0 && this.#cancelling.delete(response.watchId);
      // One that compaction ended is known to the server until it is cancelled.
      if (log.isCancelled && isAsked) return;
      log.cancelled(atMillis, { isAsked, reason, compactRevision });
    } else if (response.events.length > 0) {
      log.events(atMillis, response.events.map(toSeenEvent), response.fragment);
    } else {
      log.progress(atMillis, revision);
    }
  }

  #created(response: WatchResponse, atMillis: number, revision: number): void {
    const pending = this.#pending.shift();
    if (pending === undefined) throw new Error("created, and nothing was asked for");
    if (pending.kind === "refusal") {
      pending.onAnswer(response.canceled ? response.cancelReason : undefined);
      return;
    }
    const { log } = pending;
    if (response.canceled) {
      const { cancelReason: reason, compactRevision } = response;
      log.cancelled(atMillis, { isAsked: false, reason, compactRevision });
      return;
    }
    log.created(atMillis, revision);
    this.#logs.set(response.watchId, log);
  }
}

function toSeenEvent(event: Event): SeenEvent {
  const { type, kv, prevKv } = event;
  return {
    kind: type === EventEventType.DELETE ? "delete" : "put",
    key: kv === undefined ? "" : latin1(kv.key),
    ...pairOf(kv),
    previous: prevKv === undefined ? undefined : pairOf(prevKv),
  };
}

function pairOf(kv: KeyValue | undefined): Omit<SeenEvent, "kind" | "key" | "previous"> {
  return {
    value: kv === undefined ? "" : latin1(kv.value),
    createRevision: kv?.createRevision ?? 0,
    modRevision: kv?.modRevision ?? 0,
    version: kv?.version ?? 0,
    lease: kv?.lease ?? 0n,
  };
}
