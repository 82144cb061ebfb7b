/** Files of all shapes that a member's database takes, for tests of the check of its structure. */
import { open, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import type { BackendOptions, LmdbBackend } from "@quorate/mvcc";
import { checkStructure, type LmdbStructure } from "../src/backend/pages/structure.ts";
import { revisionKey } from "../src/revision-key.ts";
import { openLmdb } from "./support.ts";

/** Checks a file; throws what is found. */
export async function structureOf(path: string): Promise<LmdbStructure> {
  const file = await open(path, "r");
  try {
    return await checkStructure(
      async (target, position) => (await file.read(target, 0, target.length, position)).bytesRead,
      (await stat(path)).size,
      (what) => {
        throw new Error(what);
      },
    );
  } finally {
    await file.close();
  }
}

/** One thing that happens to a database. */
export type Step =
  | { readonly kind: "versions"; readonly count: number; readonly size: number }
  | { readonly kind: "remove versions"; readonly from: number; readonly part: number }
  | { readonly kind: "rows"; readonly count: number; readonly key: number; readonly size: number }
  | { readonly kind: "remove rows"; readonly every: number }
  | { readonly kind: "defragment" | "install" | "start on a copy" | "restart" | "commit" };

const sizes = fc.constantFrom(0, 20, 100, 300, 1_000, 2_020, 4_060, 9_000, 70_000);

/** Steps; those that make room again are as frequent as those that take it. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("versions" as const),
        count: fc.nat(400),
        size: sizes,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("remove versions" as const),
        from: fc.double({ min: 0, max: 1, noNaN: true }),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("rows" as const),
        count: fc.nat(150),
        key: fc.constantFrom(4, 30, 500, 1_900),
        size: sizes,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant("remove rows" as const),
        every: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom(
          "defragment" as const,
          "install" as const,
          "start on a copy" as const,
          "restart" as const,
        ),
      }),
    },
  ),
  { minLength: 1, maxLength: 40, size: "max" },
);

/** A database that steps are taken on. */
export class ShapedDatabase {
  readonly path: string;
  backend: LmdbBackend;
  readonly #versions: number[] = [];
  readonly #rows = new Set<string>();
  readonly #options: Partial<BackendOptions>;
  #main = 0;

  private constructor(path: string, backend: LmdbBackend, options: Partial<BackendOptions>) {
    this.path = path;
    this.backend = backend;
    this.#options = options;
  }

  static async open(directory: string, options: Partial<BackendOptions>): Promise<ShapedDatabase> {
    const path = join(directory, "db");
    return new ShapedDatabase(path, await openLmdb(path, options), options);
  }

  async take(step: Step): Promise<void> {
    const { backend } = this;
    switch (step.kind) {
      case "versions":
        for (let at = 0; at < step.count; at++) {
          this.#main++;
          const space = backend.stageVersion(this.#main, 0, false, step.size);
          space.bytes.fill(this.#main & 0xff, space.begin, space.begin + step.size);
          this.#versions.push(this.#main);
          if (at % 7 === 0) backend.endUnit(this.#main);
        }
        break;
      case "remove versions": {
        const from = Math.floor(step.from * this.#versions.length);
        const removed = this.#versions.splice(from, Math.ceil(step.part * this.#versions.length));
        for (const main of removed) backend.delete("key", revisionKey(main, 0, false));
        break;
      }
      case "rows":
        for (let at = 0; at < step.count; at++) {
          const key = String((at * 7919) % 1_000).padStart(step.key, "k");
          backend.put(at % 3 === 0 ? "auth" : "lease", key, Buffer.alloc(step.size, at));
          this.#rows.add(key);
        }
        break;
      case "remove rows":
        for (const [at, key] of [...this.#rows].entries()) {
          if (at % step.every !== 0) continue;
          this.#rows.delete(key);
          for (const bucket of ["auth", "lease"] as const) backend.delete(bucket, key);
        }
        break;
      case "commit":
        backend.endUnit();
        await backend.flush();
        break;
      default:
        backend.endUnit();
        await this.#maintain(step.kind);
    }
    this.backend.endUnit();
  }

  async #maintain(kind: "defragment" | "install" | "start on a copy" | "restart"): Promise<void> {
    const copy = `${this.path}.copy`;
    if (kind === "defragment") await this.backend.defragment();
    else if (kind === "restart") await this.close();
    else await this.backend.snapshotTo(copy);
    if (kind === "install") await this.backend.replaceWith(copy);
    if (kind === "start on a copy") {
      await this.close();
      await rename(copy, this.path);
    }
    if (kind === "restart" || kind === "start on a copy") {
      this.backend = await openLmdb(this.path, this.#options);
    }
  }

  async close(): Promise<void> {
    await this.backend.close();
  }
}
