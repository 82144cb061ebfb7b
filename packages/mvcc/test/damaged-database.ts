/** Asks a process of its own what becomes of a damaged database. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { within } from "../../../test/support/deadline.ts";

/** A database that may be damaged. */
export interface Question {
  readonly path: string;
  /** States of {@link Verdict} that are right; any if there are none. */
  readonly states: readonly string[];
}

/** What became of it. */
export interface Verdict {
  /** `right`: all answers, before and after more writes; `refused`: by a typed error. */
  readonly kind: "right" | "refused" | "wrong" | "signal";
  readonly place: string;
  /** What was there at the start, or the message of the error. */
  readonly state: string;
}

/** Processes for questions; the next one is started where one ended. */
export class DamagedDatabases {
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #lines: AsyncIterator<string> | undefined;

  async ask(question: Question): Promise<Verdict> {
    const child = this.#child ?? this.#start();
    child.stdin.write(`${JSON.stringify(question)}\n`);
    const answer = this.#lines?.next() ?? Promise.resolve(undefined);
    const line = await within(answerMillisMax, "an answer", answer).catch(() => {
      // LMDB follows pages in a circle.
      child.kill("SIGKILL");
      return undefined;
    });
    if (line?.done === false) return JSON.parse(line.value) as Verdict;
    this.#child = undefined;
    const end = child.signalCode ?? child.exitCode ?? (await once(child, "exit")).join(" ");
    return { kind: "signal", place: String(end), state: "" };
  }

  /** Ends the process. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    const node = ["--conditions=@quorate/source", "--import", "tsx", childPath];
    // LMDB tells on its standard error what it makes of damage.
    const child = spawn(process.execPath, node, { stdio: ["pipe", "pipe", "ignore"] });
    child.stdin.on("error", () => undefined);
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#child = child;
    return child;
  }
}

const answerMillisMax = 60_000;
const childPath = fileURLToPath(new URL("./damaged-child.ts", import.meta.url));

/**
 * Offsets of bytes that LMDB goes by, and no checksum of ours: of meta pages, of the trees of free
 * pages and of names, of branches; heads and offsets of pages, heads of nodes.
 */
export function structuralBytes(file: Buffer): readonly number[] {
  const found: number[] = [];
  const add = (begin: number, length: number): void => {
    for (let at = begin; at < begin + length; at++) found.push(at);
  };
  for (let page = 0; page + 4096 <= file.length; page += 4096) {
    const flags = file.readUInt16LE(page + 18);
    if (flags === 8) add(page, 168);
    else if (flags === 4) add(page, 24);
    else if (flags === 1 || flags === 2) {
      const count = file.readUInt16LE(page + 20) >> 1;
      add(page, 24 + count * 2);
      for (let node = 0; node < Math.min(count, 2_000); node++) {
        const at = page + 24 + file.readUInt16LE(page + 24 + node * 2);
        if (at + 8 > file.length) continue;
        const [kind, keyBytes] = [file.readUInt16LE(at + 4), file.readUInt16LE(at + 6)];
        const isOurs = flags === 2 && kind === 0 && keyBytes !== 8;
        add(at, 8);
        if (!isOurs) add(at + 8, keyBytes + (flags === 1 ? 0 : kind === 1 ? 24 : 48));
      }
    }
  }
  return found.filter((at) => at < file.length);
}
