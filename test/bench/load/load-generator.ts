import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { LoadAnswer, LoadRequest, LoadResult, LoadSpec } from "./load-spec.ts";

/** A process that makes load; one serves all rows and both peers, so neither meets it colder. */
export class LoadGenerator {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: LoadAnswer) => void>();
  #nextId = 1;

  constructor() {
    this.#child = fork(fileURLToPath(new URL("./main.ts", import.meta.url)), [], {
      execArgv: ["--conditions=@quorate/source", "--import", "tsx", "--max-old-space-size=6144"],
    });
    this.#child.on("message", (answer: LoadAnswer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
    this.#child.once("exit", (code, signal) => {
      for (const [id, settle] of this.#waiting) {
        settle({ id, error: `the load generator ended with ${code ?? signal}` });
      }
      this.#waiting.clear();
    });
  }

  /** @throws Error when the load could not be made at all; failed requests are counted instead. */
  async run(spec: LoadSpec): Promise<LoadResult> {
    const id = this.#nextId++;
    const answer = await new Promise<LoadAnswer>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, spec } satisfies LoadRequest, (error) => {
        if (error !== null) reject(error);
      });
    });
    if ("error" in answer) throw new Error(answer.error);
    return answer.result;
  }

  /** Ends the process. */
  close(): void {
    this.#child.removeAllListeners();
    if (this.#child.connected) this.#child.disconnect();
    this.#child.kill();
  }
}
