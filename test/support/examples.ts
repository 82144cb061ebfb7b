import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const documentedEndpoint = "127.0.0.1:2379";
const ownClient = `import { connect } from "@quorate/client";
await using client = connect({ endpoints: ["${documentedEndpoint}"] });
`;

/** A program shown in the documentation of a source file. */
export interface Example {
  /** Where it is shown, such as `packages/client/src/client.ts:61`. */
  readonly place: string;
  readonly text: string;
}

/** The `@example` programs in the sources of a package, in order. */
export async function examplesOf(packageName: string): Promise<readonly Example[]> {
  const folder = join("packages", packageName, "src");
  const examples: Example[] = [];
  for (const name of (await readdir(join(root, folder))).sort()) {
    if (!name.endsWith(".ts")) continue;
    const source = await readFile(join(root, folder, name), "utf8");
    for (const match of source.matchAll(/@example\n *\* ```ts\n([^]*?)\n *\* ```/g)) {
      const line = source.slice(0, match.index).split("\n").length + 2;
      const text = (match[1] ?? "").replaceAll(/^ *\* ?/gm, "");
      examples.push({ place: `${folder}/${name}:${line}`, text });
    }
  }
  return examples;
}

/**
 * Runs an example in a process of its own against a store.
 *
 * One that opens no client gets one named `client`, as its documentation implies.
 * @throws Error with the program's output when it fails or runs longer than 20 s.
 */
export async function runExample(example: Example, endpoint: string): Promise<void> {
  const folder = join(root, ".cache", "examples");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${example.place.replaceAll(/[^\w]/g, "-")}-${process.pid}.ts`);
  const text = example.text.includes("connect(") ? example.text : ownClient + example.text;
  await writeFile(path, text.replaceAll(documentedEndpoint, endpoint));
  try {
    await new Promise<void>((resolve, reject) => {
      const argv = ["--conditions=@quorate/source", "--import", "tsx", path];
      execFile(process.execPath, argv, { cwd: root, timeout: 20_000 }, (error, stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`${example.place} failed:\n${stdout}\n${stderr}`));
      });
    });
  } finally {
    await rm(path);
  }
}
