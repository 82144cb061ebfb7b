/** `etcdserverpb.Watch`: streams of changes. */
import {
  services,
  watchCancelReasons,
  type WatchCancelRequest,
  type WatchCreateRequest,
  type WatchRequest,
} from "@quorate/api";
import type { BidiStream, RpcMethod } from "@quorate/grpc";
import { keyFromBytes, type WatchBatch, type WatchRefusal, type WatchStream } from "@quorate/mvcc";
import type { Timer } from "@quorate/platform";
import type { OpenStreams } from "./open-streams.ts";
import type { ServiceContext } from "./service-context.ts";
import { ServiceError, toStatus } from "./status.ts";
import { composeWatchAnswer, splitEvents, type WatchAnswer } from "./watch-answer.ts";
import { WatchIds } from "./watch-ids.ts";
import { encodeIdField, WatchMessages } from "./watch-messages.ts";

/** Events of more bytes are sent as they lie, not copied for each watcher. */
const copyBytesMax = 16 * 1024;
/** Messages of a turn are joined up to this size, so that what is sent is not held for long. */
const joinedBytesMax = 64 * 1024;
const filterNoPut = 0;
const filterNoDelete = 1;

/** The methods of the service. */
export function watchMethods(context: ServiceContext, streams: OpenStreams): readonly RpcMethod[] {
  const method = services.watch.watch;
  const messages = new WatchMessages(context.headers);
  return [
    {
      kind: "bidi-stream",
      path: method.path,
      handle: (stream) => {
        try {
          streams.admit(stream);
        } catch (error) {
          stream.fail(toStatus(error));
          return;
        }
        const connection = new WatchConnection(context, messages, stream);
        streams.addWatch(stream, () => {
          connection.close();
        });
        stream.onMessage((bytes) => {
          try {
            connection.handle(method.decodeRequest(bytes));
          } catch (error) {
            connection.close();
            streams.delete(stream);
            stream.fail(toStatus(error));
          }
        });
        // The client's half close does not end the stream: it may only have nothing more to ask.
        stream.onHalfClose(() => undefined);
        stream.onCancel(() => stream.fail(toStatus(new ServiceError("watch-cancelled"))));
      },
    },
  ];
}

interface Watcher {
  readonly id: bigint;
  /** See {@link encodeIdField}. */
  readonly idField: Uint8Array;
  readonly isFragmented: boolean;
  readonly hasProgress: boolean;
  /** Whether something was sent since the last progress tick. */
  hasNews: boolean;
}

/** One client's stream with its watchers. */
class WatchConnection {
  readonly #context: ServiceContext;
  readonly #messages: WatchMessages;
  readonly #stream: BidiStream;
  readonly #hub: WatchStream;
  readonly #watchers = new Map<number, Watcher>();
  /** Framed messages of this turn, and their bytes. */
  #framed: Uint8Array[] = [];
  #framedBytes = 0;
  /** Whether the transport has enough, and will say when it can take more. */
  #isBlocked = false;
  readonly #ids = new WatchIds();
  #progressTimer: Timer | undefined;
  #isClosed = false;

  constructor(context: ServiceContext, messages: WatchMessages, stream: BidiStream) {
    this.#context = context;
    this.#messages = messages;
    this.#stream = stream;
    this.#hub = context.member.state.store.openWatchStream({
      send: (watchId, batch) => this.#sendEvents(watchId, batch),
      flush: () => this.#flush(),
      compacted: (watchId, compactRevision) => {
        const id = this.#watchers.get(watchId)?.id;
        if (id !== undefined) this.#send({ id, revision: 0, isCanceled: true, compactRevision });
      },
    });
    stream.onDrain(() => {
      this.#isBlocked = false;
      if (!this.#isClosed) this.#hub.resume();
    });
    const { watchProgressMillis } = context.options;
    // Up to a tenth more, fixed for a stream: streams of one moment do not all wake at once.
    const jitter = context.random.nextInt(Math.ceil(watchProgressMillis / 10));
    this.#scheduleProgress(watchProgressMillis + jitter);
  }

  handle({ requestUnion }: WatchRequest): void {
    switch (requestUnion?.case) {
      case "createRequest":
        this.#create(requestUnion.value);
        return;
      case "cancelRequest":
        this.#cancel(requestUnion.value);
        return;
      case "progressRequest":
        this.#progress();
        return;
      case undefined:
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#progressTimer?.cancel();
    this.#hub.close();
  }

  #create(request: WatchCreateRequest): void {
    const id = this.#ids.choose(request.watchId);
    if (id === undefined) {
      this.#refuse("duplicate-id");
      return;
    }
    const result = this.#hub.watch({
      key: request.key.length === 0 ? "\0" : keyFromBytes(request.key),
      rangeEnd: keyFromBytes(request.rangeEnd),
      startRevision: request.startRevision,
      withoutPuts: request.filters.includes(filterNoPut),
      withoutDeletes: request.filters.includes(filterNoDelete),
      previousKeyValue: request.prevKv,
    });
    if (result.kind === "refused") {
      this.#refuse(result.reason);
      return;
    }
    this.#ids.use(id, result.watchId);
    this.#watchers.set(result.watchId, {
      id,
      idField: encodeIdField(id),
      isFragmented: request.fragment,
      hasProgress: request.progressNotify,
      hasNews: true,
    });
    this.#send({ id, revision: result.revision, isCreated: true });
  }

  #refuse(refusal: WatchRefusal): void {
    this.#send({
      id: -1n,
      revision: this.#currentRevision,
      isCreated: true,
      isCanceled: true,
      cancelReason: refusalReasons[refusal],
    });
  }

  #cancel({ watchId: id }: WatchCancelRequest): void {
    const hubId = this.#ids.release(id);
    if (hubId === undefined) return;
    this.#hub.cancel(hubId);
    this.#watchers.delete(hubId);
    this.#send({ id, revision: this.#currentRevision, isCanceled: true });
  }

  #progress(): void {
    const revision = this.#hub.progressRevision();
    if (revision !== undefined) this.#send({ id: -1n, revision });
  }

  #scheduleProgress(periodMillis: number): void {
    this.#progressTimer = this.#context.timers.setTimer(periodMillis, () => {
      this.#notifyProgress();
      this.#scheduleProgress(periodMillis);
    });
  }

  #notifyProgress(): void {
    const revision = this.#hub.settle();
    for (const [hubId, watcher] of this.#watchers) {
      const isDue = watcher.hasProgress && !watcher.hasNews;
      watcher.hasNews = false;
      if (isDue && this.#hub.isCaughtUp(hubId, revision)) this.#send({ id: watcher.id, revision });
    }
  }

  #sendEvents(watchId: number, batch: WatchBatch): boolean {
    const watcher = this.#watchers.get(watchId);
    if (watcher === undefined || this.#isClosed) return true;
    watcher.hasNews = true;
    if (batch.sizeBytes > copyBytesMax) {
      this.#sendLong(watcher, batch);
    } else {
      const { term } = this.#context.member;
      const framed = this.#messages.framed(batch, term, watcher.id, watcher.idField);
      this.#framed.push(framed);
      this.#framedBytes += framed.length;
      if (this.#framedBytes > joinedBytesMax) this.#flush();
    }
    // Only a transport that has enough calls back: watchers parked for another reason would wait
    // for ever.
    const { watchBufferBytes } = this.#context.options;
    return !this.#isBlocked || this.#framedBytes + this.#stream.bufferedBytes < watchBufferBytes;
  }

  #sendLong({ id, isFragmented }: Watcher, { revision, events, sizeBytes }: WatchBatch): void {
    const partBytesMax = this.#context.options.requestBytesMax + 512 * 1024;
    if (!isFragmented || sizeBytes <= partBytesMax) {
      this.#send({ id, revision, events });
      return;
    }
    const parts = splitEvents(events, partBytesMax);
    for (const [index, part] of parts.entries()) {
      this.#send({ id, revision, events: part, isFragment: index < parts.length - 1 });
    }
  }

  /** Hands over the messages of this turn. */
  #flush(): void {
    const framed = this.#framed;
    if (framed.length === 0) return;
    this.#framed = [];
    this.#framedBytes = 0;
    if (this.#isClosed) return;
    if (!this.#stream.writeFramed(this.#messages.join(framed), framed.length)) {
      this.#isBlocked = true;
    }
  }

  #send(answer: Omit<WatchAnswer, "raftTerm">): void {
    if (this.#isClosed) return;
    this.#flush();
    const { headers, member } = this.#context;
    const answered = composeWatchAnswer(headers, { ...answer, raftTerm: member.term });
    if (!this.#stream.write(answered)) this.#isBlocked = true;
  }

  get #currentRevision(): number {
    return this.#context.member.state.store.currentRevision;
  }
}

const refusalReasons: Readonly<Record<WatchRefusal, string>> = {
  "duplicate-id": watchCancelReasons["duplicate-watch-id"],
  "empty-range": watchCancelReasons["range-empty"],
  "negative-start-revision": watchCancelReasons.compacted,
};
