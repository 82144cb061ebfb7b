import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import { within } from "../../support/deadline.ts";
import type { LoadAnswer, LoadRequest, LoadResult, LoadSpec } from "./load-spec.ts";

/** How much longer than its bound a load may take, for preparing and for the last answers. */
const graceMillis = 60_000;

/** A process that makes load; one serves all rows and both peers, so neither meets it colder. */
export class LoadGenerator {
  #child: ChildProcess | undefined;
  readonly #waiting = new Map<number, (answer: LoadAnswer) => void>();
  #nextId = 1;

  /** @throws Error when the load could not be made at all; failed requests are counted instead. */
  async run(spec: LoadSpec): Promise<LoadResult> {
    const id = this.#nextId++;
    const answer = new Promise<LoadAnswer>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#send({ id, spec }, reject);
    });
    let ended: LoadAnswer;
    try {
      ended = await within(spec.bound.seconds * 1_000 + graceMillis, `a ${spec.kind} load`, answer);
    } catch (error) {
      // It may never end: the next load gets a new process.
      this.close();
      throw error;
    }
    if ("error" in ended) throw new Error(ended.error);
    return ended.result;
  }

  /** Ends an open load before its bound. */
  stop(): void {
    this.#send({ stop: true }, () => undefined);
  }

  /** Ends the process. */
  close(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#waiting.clear();
    if (child === undefined) return;
    child.removeAllListeners();
    if (child.connected) child.disconnect();
    child.kill("SIGKILL");
  }

  #send(request: LoadRequest, onError: (error: Error) => void): void {
    this.#child ??= this.#start();
    this.#child.send(request, (error) => {
      if (error !== null) onError(error);
    });
  }

  #start(): ChildProcess {
    const child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), [], {
      execArgv: ["--conditions=@quorate/source", "--import", "tsx", "--max-old-space-size=6144"],
    });
    child.on("message", (answer: LoadAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    child.once("exit", (code, signal) => {
      if (this.#child === child) this.#child = undefined;
      for (const [id, settle] of this.#waiting) {
        settle({ id, error: `the load generator ended with ${code ?? signal}` });
      }
      this.#waiting.clear();
    });
    return child;
  }
}
