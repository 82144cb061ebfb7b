import { CallError, type Channel, type ChannelFactory } from "@quorate/client/sim";

interface MethodLike<Request, ResponseInit> {
  readonly path: string;
  readonly decodeRequest: (bytes: Uint8Array) => Request;
  readonly encodeResponse: (message: ResponseInit) => Uint8Array;
}

type Answerer = (request: Uint8Array) => Uint8Array;

/** A way to the store on which the test gives every answer; streams are refused. */
export class ScriptedChannel implements Channel {
  readonly #answerers = new Map<string, Answerer>();
  readonly #silent = new Set<string>();

  /** For `ClientOptions.runtime`. */
  get factory(): ChannelFactory {
    return () => this;
  }

  /** Answers a method; throw {@link CallError} to fail it. */
  on<Request, ResponseInit>(
    method: MethodLike<Request, ResponseInit>,
    answer: (request: Request) => ResponseInit,
  ): this {
    this.#answerers.set(method.path, (request) =>
      method.encodeResponse(answer(method.decodeRequest(request))),
    );
    return this;
  }

  /** Never answers a method; its calls end when they are cancelled. */
  withhold({ path }: { readonly path: string }): this {
    this.#silent.add(path);
    return this;
  }

  connect(): Promise<boolean> {
    return Promise.resolve(true);
  }

  unary(
    path: string,
    request: Uint8Array,
    _settings: unknown,
    onOutcome: (outcome: CallError | Uint8Array) => void,
  ): { cancel(): void } {
    if (this.#silent.has(path)) {
      const cancelled = new CallError(1, "Cancelled on client");
      return { cancel: () => queueMicrotask(() => onOutcome(cancelled)) };
    }
    queueMicrotask(() => onOutcome(this.#answer(path, request)));
    return { cancel: () => undefined };
  }

  serverStream(): never {
    throw new Error("No test streams answers");
  }

  bidiStream(
    _path: string,
    _settings: unknown,
    listener: { onEnd(error: CallError): void },
  ): { write(): void; cancel(): void } {
    queueMicrotask(() => listener.onEnd(new CallError(14, "refused by the test")));
    return { write: () => undefined, cancel: () => undefined };
  }

  close(): void {
    this.#answerers.clear();
  }

  #answer(path: string, request: Uint8Array): CallError | Uint8Array {
    const answerer = this.#answerers.get(path);
    if (answerer === undefined) return new CallError(12, `unknown method ${path}`);
    try {
      return answerer(request);
    } catch (error) {
      if (error instanceof CallError) return error;
      throw error;
    }
  }
}
