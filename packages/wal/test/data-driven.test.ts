import { join } from "node:path";
import { testDataDirectory, type DataDrivenCommand } from "@quorate/platform/testing";
import { SeededRandom, SimFileSystem, SimScheduler, SimTimers } from "@quorate/platform/sim";
import type { Entry } from "@quorate/raft";
import { inspectSegment, WriteAheadLog } from "../src/index.ts";
import {
  append,
  createDependencies,
  describe,
  directory,
  entry,
  hardState,
  mark,
  markSnapshot,
  metadata,
  segmentPaths,
} from "./harness.ts";

/**
 * Commands of the files in testdata:
 *
 * - `create`, `open`, `close`; `open` prints what was recovered
 * - `append 1/1=a 2/1=b state=TERM,COMMIT snapshot=INDEX/TERM`; `nowait` does not wait for the disk
 * - `mark INDEX/TERM`, `release INDEX`
 * - `stall`: from now on the disk does not answer to syncs; ends with the process
 * - `kill`: the process dies; `crash drop-all|keep-all`: power goes
 * - `flip SEGMENT RECORD`: changes a bit of a record's payload; `zero SEGMENT RECORD`: wipes it
 * - `segments`: prints files and records; `events`: prints what the log reported
 */
class LogRunner {
  readonly #files = new SimFileSystem({
    random: new SeededRandom(1n),
    timers: new SimTimers(new SimScheduler()),
  });
  readonly #dependencies = createDependencies(this.#files);
  #wal: WriteAheadLog | undefined;

  async run(command: DataDrivenCommand): Promise<string> {
    try {
      return await this.#dispatch(command);
    } catch (error) {
      return String(error);
    }
  }

  async #dispatch(command: DataDrivenCommand): Promise<string> {
    const [first = "", second = ""] = command.positional;
    switch (command.name) {
      case "create":
        await this.#files.makeDirectory("/data");
        await this.#files.syncDirectory("/");
        this.#wal = await WriteAheadLog.create(
          directory,
          { metadata },
          { segmentBytes: 4096 },
          this.#dependencies,
        );
        return "";
      case "open": {
        const options = { segmentBytes: 4096 };
        const opened = await WriteAheadLog.open(directory, metadata, options, this.#dependencies);
        this.#wal = opened.wal;
        return describe(opened.recovered);
      }
      case "close":
        await this.#open().close();
        return "";
      case "append":
        return this.#append(command);
      case "mark":
        await markSnapshot(this.#open(), parseMark(first));
        return "";
      case "release":
        await this.#open().release(Number(first));
        return "";
      case "stall":
        this.#files.setFaultPolicy(({ kind }) =>
          kind === "datasync" ? { kind: "delay", millis: 1e9 } : undefined,
        );
        return "";
      case "kill":
        this.#files.setFaultPolicy(undefined);
        this.#files.killProcess();
        return "";
      case "crash":
        this.#files.setFaultPolicy(undefined);
        this.#files.crash(first === "keep-all" ? "keep-all" : "drop-all");
        return "";
      case "flip":
      case "zero":
        return this.#damage(command.name, Number(first), Number(second));
      case "segments":
        return this.#segments();
      case "events":
        return this.#dependencies.events
          .splice(0)
          .map((event) => JSON.stringify(event))
          .join("\n");
      default:
        throw new Error(`Unknown command: ${command.name}`);
    }
  }

  #open(): WriteAheadLog {
    if (this.#wal === undefined) throw new Error("No log is open");
    return this.#wal;
  }

  async #append(command: DataDrivenCommand): Promise<string> {
    const entries: Entry[] = [];
    for (const text of command.positional) {
      const match = /^(\d+)\/(\d+)=([a-z]*)(?:\*(\d+))?$/.exec(text);
      if (match === null) continue;
      const [, index, term, data = "", times = "1"] = match;
      entries.push(entry(Number(index), Number(term), data.repeat(Number(times))));
    }
    const [term, commit] = (command.args.get("state") ?? "").split(",");
    const snapshot = command.args.get("snapshot");
    const done = append(this.#open(), {
      entries,
      ...(term === undefined || term === ""
        ? {}
        : { hardState: hardState(Number(term), Number(commit)) }),
      ...(snapshot === undefined ? {} : { snapshot: parseMark(snapshot) }),
    });
    if (!command.positional.includes("nowait")) await done;
    else done.catch(() => undefined);
    return "";
  }

  async #damage(kind: string, segment: number, record: number): Promise<string> {
    const path = (await segmentPaths(this.#files))[segment] ?? "";
    const found = (await inspectSegment(this.#files, path)).records[record];
    if (found === undefined) throw new Error(`No record ${record}`);
    const { offset, bytes } = found;
    if (kind === "flip") this.#files.flipBit(path, offset + 30, 3);
    else {
      const handle = await this.#files.open(path, "write");
      handle.writeSync([new Uint8Array(bytes)], offset);
      await handle.datasync();
      await handle.close();
    }
    return "";
  }

  async #segments(): Promise<string> {
    const lines: string[] = [];
    for (const path of await segmentPaths(this.#files)) {
      const { head, records, tail } = await inspectSegment(this.#files, path);
      lines.push(`${path.slice(directory.length + 1)} next=${head.nextIndex} tail=${tail.kind}`);
      for (const record of records) {
        const { type, offset, bytes, syncedBytes, firstIndex, lastIndex } = record;
        const range = firstIndex === undefined ? "" : ` entries=${firstIndex}-${lastIndex ?? ""}`;
        lines.push(`  ${offset} ${type} bytes=${bytes} synced=${syncedBytes}${range}`);
      }
    }
    return lines.join("\n");
  }
}

function parseMark(text: string): ReturnType<typeof mark> {
  const [index, term] = text.split("/");
  return mark(Number(index), Number(term));
}

testDataDirectory(join(import.meta.dirname, "testdata"), () => {
  const runner = new LogRunner();
  return (command) => runner.run(command);
});
