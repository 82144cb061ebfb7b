import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertNone } from "./problems.ts";
import { packageFolders, readManifest, readText } from "./repository.ts";

// What is installed beside our own code is code that nobody here has read: few, exact, and free.
const directCountMax = 10;
// The HTTP framework and the gRPC library bring nine in ten of them; this number only goes down.
const totalCountMax = 114;
const licences = ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "CC0-1.0"];

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
}

const lock = JSON.parse(readText("package-lock.json")) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Installed packages that a running member may load, platform variants of one counted once. */
const runtime = Object.entries(lock.packages).filter(
  ([path, entry]) =>
    path.startsWith("node_modules/") &&
    entry.link !== true &&
    entry.dev !== true &&
    entry.devOptional !== true &&
    entry.optional !== true,
);

describe("dependencies", () => {
  const manifests = [".", ...packageFolders().map((name) => `packages/${name}`)].map(
    (folder) => [folder, readManifest(folder)] as const,
  );

  test("are named by exact versions, the same in every package", () => {
    const versions = new Map<string, string>();
    const problems = manifests.flatMap(([folder, manifest]) =>
      Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).flatMap(
        ([name, version]) => {
          const known = versions.get(name) ?? version;
          versions.set(name, known);
          if (!/^\d+\.\d+\.\d+$/.test(version)) return [`${folder}: ${name} ${version}`];
          return known === version ? [] : [`${folder}: ${name} ${version}, elsewhere ${known}`];
        },
      ),
    );
    assertNone(problems);
  });

  test(`at run time are at most ${directCountMax} direct and ${totalCountMax} in all`, () => {
    const direct = new Set(
      manifests
        .flatMap(([, manifest]) => Object.keys(manifest.dependencies ?? {}))
        .filter((name) => !name.startsWith("@quorate/")),
    );
    assert.ok(direct.size <= directCountMax, [...direct].join(", "));
    const names = runtime.map(([path]) => path);
    assert.ok(names.length <= totalCountMax, `${names.length}: ${names.join(", ")}`);
  });

  test("at run time carry a licence that lets everybody use them", () => {
    const problems = runtime
      .filter(([, { license }]) => license === undefined || !isFree(license))
      .map(([path, { license }]) => `${path}: ${license}`);
    assertNone(problems);
  });
});

/** Understands `(MIT OR X)`: one free choice is enough. */
function isFree(license: string): boolean {
  const choices = license.replace(/[()]/g, "").split(" OR ");
  return choices.some((choice) => licences.includes(choice.trim()));
}
