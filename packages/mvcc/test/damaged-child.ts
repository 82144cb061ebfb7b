/**
 * Uses databases that may be damaged, in a process of its own: a signal that LMDB gets ends it.
 *
 * Takes lines with a path and the states that would be right; answers each with a line.
 */
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { bucketNames, MvccError, type Backend } from "@quorate/mvcc";
import { mainOf, revisionKey, subOf } from "../src/revision-key.ts";
import type { Question, Verdict } from "./damaged-database.ts";
import { openLmdb } from "./support.ts";

/** All rows, by bucket and key. */
type Rows = Map<string, string>;

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line) as Question;
  console.log(JSON.stringify(await judge(question)));
}

async function judge({ path, states }: Question): Promise<Verdict> {
  const failures: Error[] = [];
  const open = (): Promise<Backend> =>
    openLmdb(path, {
      commitRowsMax: 300,
      feedRowsMax: 40,
      cacheBytesMax: 0,
      onFailure: (error) => failures.push(error),
    });
  let backend: Backend | undefined;
  let place = "at the start";
  try {
    backend = await open();
    place = "reading";
    const rows = readAll(backend);
    const state = digestOf(rows);
    if (states.length > 0 && !states.includes(state)) return { kind: "wrong", place, state };
    place = "writing";
    await write(backend, rows);
    await backend.snapshotTo(`${path}.copy`);
    await backend.close();
    place = "after a restart";
    backend = await open();
    const isSame = digestOf(readAll(backend)) === digestOf(rows);
    await backend.close();
    return isSame ? { kind: "right", place, state } : { kind: "wrong", place, state };
  } catch (error) {
    await backend?.close().catch(() => undefined);
    const message = error instanceof Error ? error.message : String(error);
    const kind = error instanceof MvccError ? "refused" : "wrong";
    return { kind, place, state: message };
  }
}

/** Every row, by a walk and by its key. */
function readAll(backend: Backend): Rows {
  const rows: Rows = new Map();
  for (const bucket of bucketNames) {
    const found = new Map<string, string>();
    backend.scan(bucket, { begin: "" }, (key, value) => {
      found.set(key, hashOf(value));
      return true;
    });
    for (const [key, hash] of found) {
      const value =
        bucket === "key" ? backend.getVersion(mainOf(key), subOf(key)) : backend.get(bucket, key);
      if (value === undefined || hashOf(value) !== hash)
        throw new Error(`a row of ${bucket} is lost`);
      rows.set(`${bucket} ${key}`, hash);
    }
    const count = backend.rowCount(bucket);
    if (count !== found.size) throw new Error(`${count} rows of ${bucket}, found ${found.size}`);
  }
  return rows;
}

/** Changes much, so that pages of all kinds are taken and given back. */
async function write(backend: Backend, rows: Rows): Promise<void> {
  const put = (row: number, size: number): void => {
    const value = Buffer.alloc(size, row);
    const space = backend.stageVersion(1e9 + row, 0, false, size);
    space.bytes.set(value, space.begin);
    rows.set(`key ${revisionKey(1e9 + row, 0, false)}`, hashOf(value));
  };
  for (const part of [0, 1]) {
    for (let row = 0; row < 60; row++) put(part * 100 + row, row % 7 === 0 ? 9_000 : 300);
    backend.endUnit();
    let at = 0;
    for (const name of [...rows.keys()]) {
      if (at++ % 3 !== part) continue;
      const [bucket = "", key = ""] = splitName(name);
      const known = bucketNames.find((each) => each === bucket);
      if (known === undefined) throw new Error(`no bucket ${bucket}`);
      backend.delete(known, key);
      rows.delete(name);
    }
    backend.endUnit();
    await backend.flush();
    if (part === 0) await backend.defragment();
  }
}

function splitName(name: string): readonly [string, string] {
  const space = name.indexOf(" ");
  return [name.slice(0, space), name.slice(space + 1)];
}

function digestOf(rows: Rows): string {
  const lines = [...rows].map(([name, hash]) => `${name}=${hash}`).sort();
  return hashOf(Buffer.from(lines.join("\n"), "latin1"));
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("base64");
}
