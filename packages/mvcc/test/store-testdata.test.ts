import { fileURLToPath } from "node:url";
import { testDataDirectory, type DataDrivenCommand } from "@quorate/platform/testing";
import {
  MemoryBackend,
  MvccError,
  type MvccStore,
  type RangeQuery,
  type SortOrder,
  type SortTarget,
  type WatchStream,
  type WriteTxn,
} from "@quorate/mvcc";
import { bytes, describe, openStore } from "./support.ts";
import { WatchRecorder } from "./watch-recorder.ts";

/** Runs the commands of the files in `testdata` on one store in memory. */
class StoreScript {
  #backend = new MemoryBackend();
  #store: MvccStore | undefined;
  #txn: WriteTxn | undefined;
  readonly #sink = new WatchRecorder();
  #stream: WatchStream | undefined;
  readonly #reported = new Map<number, number>();

  readonly run = async (command: DataDrivenCommand): Promise<string> => {
    this.#store ??= await openStore(this.#backend);
    try {
      return await this.#dispatch(this.#store, command);
    } catch (error) {
      if (error instanceof MvccError) return `error: ${error.code}`;
      throw error;
    }
  };

  async #dispatch(store: MvccStore, command: DataDrivenCommand): Promise<string> {
    const { name, positional, args } = command;
    const key = unescape(positional[0] ?? "");
    const rangeEnd = unescape(positional[1] ?? "");
    switch (name) {
      case "put":
        return this.#write((txn) => {
          txn.put(key, bytes(positional[1] ?? ""), BigInt(args.get("lease") ?? "0"));
          return "";
        });
      case "delete":
        return this.#write((txn) => `deleted=${txn.deleteRange(key, rangeEnd).length}`);
      case "begin":
        this.#txn = store.beginWrite();
        return `revision=${this.#txn.revision}`;
      case "end":
        return this.#end();
      case "range":
        return rangeText((this.#txn ?? store).range(queryOf(key, rangeEnd, args)));
      case "page":
        return pages(store, queryOf(key, rangeEnd, args), Number(args.get("size") ?? "2"));
      case "compact":
        await store.scheduleCompaction(Number(key));
        this.#backend.endUnit();
        return `rows: ${this.#rows()}`;
      case "rows":
        return this.#rows();
      case "hash":
        return hashText(await store.hashKv(Number(key)));
      case "restart":
        await this.#backend.flush();
        store.close();
        this.#backend = this.#backend.crash();
        this.#store = await openStore(this.#backend);
        return `revision=${this.#store.currentRevision} compacted=${this.#store.compactRevision}`;
      case "watch":
        return this.#watch(store, key, rangeEnd, args);
      case "events":
        for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
        return this.#events(Number(key));
      case "cancel":
        return `found=${this.#stream?.cancel(Number(key)) === true}`;
      case "progress":
        return `revision=${this.#stream?.progressRevision() ?? "none"}`;
      default:
        throw new Error(`Unknown command "${name}"`);
    }
  }

  #write(action: (txn: WriteTxn) => string): string {
    if (this.#txn !== undefined) return action(this.#txn);
    this.#txn = this.#store?.beginWrite();
    const text = this.#txn === undefined ? "" : action(this.#txn);
    return [this.#end(), text].join(" ");
  }

  #end(): string {
    const revision = this.#txn?.end();
    this.#txn = undefined;
    this.#backend.endUnit();
    return `revision=${revision}`;
  }

  #rows(): string {
    const rows: string[] = [];
    this.#backend.scan("key", { begin: "" }, (key) => {
      const view = Buffer.from(key, "latin1");
      const mark = view.length > 17 ? "t" : "";
      rows.push(`${view.readBigUInt64BE(0)}.${view.readBigUInt64BE(9)}${mark}`);
      return true;
    });
    return rows.join(" ");
  }

  #watch(
    store: MvccStore,
    key: string,
    rangeEnd: string,
    args: ReadonlyMap<string, string>,
  ): string {
    this.#stream ??= store.openWatchStream(this.#sink);
    const result = this.#stream.watch({
      key,
      rangeEnd,
      watchId: Number(args.get("id") ?? "0"),
      startRevision: Number(args.get("start") ?? "0"),
      previousKeyValue: args.has("prev"),
      withoutPuts: args.get("filter") === "put",
      withoutDeletes: args.get("filter") === "delete",
    });
    if (result.kind === "refused") return `refused: ${result.reason}`;
    return `created id=${result.watchId} revision=${result.revision}`;
  }

  #events(watchId: number): string {
    const seen = this.#reported.get(watchId) ?? 0;
    const texts = this.#sink.texts(watchId);
    this.#reported.set(watchId, texts.length);
    const compacted = this.#sink.cancelled.get(watchId);
    const end = compacted === undefined ? [] : [`cancelled compacted=${compacted}`];
    return [...texts.slice(seen), ...end].join("\n");
  }
}

testDataDirectory(
  fileURLToPath(new URL("./testdata", import.meta.url)),
  () => new StoreScript().run,
);

/** `\0` in a script is the zero byte. */
function unescape(text: string): string {
  return text.replaceAll("\\0", "\0");
}

const orders: readonly SortOrder[] = ["none", "ascend", "descend"];
const targets: readonly SortTarget[] = ["key", "version", "create", "mod", "value"];

function queryOf(key: string, rangeEnd: string, args: ReadonlyMap<string, string>): RangeQuery {
  const number = (name: string): number => Number(args.get(name) ?? "0");
  return {
    key,
    rangeEnd,
    revision: number("revision"),
    limit: number("limit"),
    countOnly: args.has("count"),
    keysOnly: args.has("keys"),
    sortOrder: orders.find((order) => order === args.get("order")) ?? "none",
    sortTarget: targets.find((target) => target === args.get("target")) ?? "key",
    minModRevision: number("min-mod"),
    maxModRevision: number("max-mod"),
    minCreateRevision: number("min-create"),
    maxCreateRevision: number("max-create"),
  };
}

function rangeText(result: ReturnType<MvccStore["range"]>): string {
  const more = result.more ? " more" : "";
  const head = `revision=${result.revision} count=${result.count}${more}`;
  return [head, ...result.kvs.map(describe)].join("\n");
}

function pages(store: MvccStore, query: RangeQuery, size: number): string {
  const cursor = store.openRange(query);
  const lines: string[] = [];
  while (!cursor.isDone) {
    lines.push(
      cursor
        .next(size)
        .map((kv) => describe(kv).split(" ", 1).join())
        .join(" "),
    );
  }
  const more = cursor.more ? " more" : "";
  return [...lines, `revision=${cursor.revision} count=${cursor.count}${more}`].join("\n");
}

function hashText(result: Awaited<ReturnType<MvccStore["hashKv"]>>): string {
  const { hash, hashRevision, compactRevision, revision } = result;
  return `hash=${hash} at=${hashRevision} compacted=${compactRevision} revision=${revision}`;
}
