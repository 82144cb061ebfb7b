/**
 * Says where the time of a CPU profile went: V8's `.cpuprofile` is a tree of calls and a list of
 * samples, each of which names the node of the tree that was running.
 */
import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

/** As the inspector's protocol defines `Profiler.Profile`, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Microseconds from one sample to the next, of the same length. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    /** From 0; -1 where there is none. */
    readonly lineNumber: number;
  };
  readonly children?: readonly number[];
}

/** Time of a function or of a package. */
export interface ProfileShare {
  readonly name: string;
  readonly micros: number;
}

/** What a profile says. Lists are sorted, longest first. */
export interface ProfileSummary {
  readonly totalMicros: number;
  /** Time in which the thread did something. */
  readonly busyMicros: number;
  /** Part of `busyMicros`. */
  readonly collectorMicros: number;
  /** Time in a function itself. */
  readonly self: readonly ProfileShare[];
  /** Time in a function and in what it called; recursion counts once. */
  readonly inclusive: readonly ProfileShare[];
  /** Time in the functions of a package itself. */
  readonly packages: readonly ProfileShare[];
}

const idleName = "(idle)";
const rootName = "(root)";
const collectorName = "(garbage collector)";
const linesOfList = 40;
/** Starting and ending a profile takes time, too, which is not the member's. */
const probePattern = /\/member-probe\.mjs/;

/** Sums a profile up, without what the probe did that took it. O(samples + nodes * depth). */
export function summarizeProfile({ nodes, samples, timeDeltas }: CpuProfile): ProfileSummary {
  const selfMicros = new Map<number, number>();
  for (const [index, id] of samples.entries()) {
    selfMicros.set(id, (selfMicros.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id);
  const callersOf = (node: ProfileNode): readonly ProfileNode[] => {
    const callers: ProfileNode[] = [];
    for (let at: ProfileNode | undefined = node; at !== undefined;) {
      if (at.callFrame.functionName !== rootName) callers.push(at);
      const parent = parents.get(at.id);
      at = parent === undefined ? undefined : byId.get(parent);
    }
    return callers;
  };
  const self = new Map<string, number>();
  const inclusive = new Map<string, number>();
  const packages = new Map<string, number>();
  let totalMicros = 0;
  for (const [id, micros] of selfMicros) {
    const node = byId.get(id);
    if (node === undefined) continue;
    const callers = callersOf(node);
    if (callers.some(({ callFrame }) => probePattern.test(callFrame.url))) continue;
    totalMicros += micros;
    if (node.callFrame.functionName === idleName) continue;
    add(self, nameOf(node), micros);
    add(packages, packageOf(node), micros);
    const seen = new Set(callers.map(nameOf));
    for (const name of seen) add(inclusive, name, micros);
  }
  return {
    totalMicros,
    busyMicros: [...self.values()].reduce((sum, micros) => sum + micros, 0),
    collectorMicros: self.get(collectorName) ?? 0,
    self: sorted(self),
    inclusive: sorted(inclusive),
    packages: sorted(packages),
  };
}

/** Lays a summary out as text. */
export function profileText(summary: ProfileSummary): string {
  const { busyMicros, collectorMicros, totalMicros } = summary;
  const share = (micros: number): string => `${((100 * micros) / busyMicros).toFixed(1)} %`;
  const list = (title: string, shares: readonly ProfileShare[]): readonly string[] => [
    "",
    title,
    ...shares
      .slice(0, linesOfList)
      .map(({ name, micros }) => `${share(micros).padStart(7)}  ${name}`),
  ];
  return [
    `busy ${(busyMicros / 1e6).toFixed(3)} s of ${(totalMicros / 1e6).toFixed(3)} s`,
    `garbage collection ${share(collectorMicros)}`,
    ...list("self time by package", summary.packages),
    ...list("self time by function", summary.self),
    ...list("time with callees by function", summary.inclusive),
    "",
  ].join("\n");
}

/**
 * Reads a profile.
 *
 * @throws Error when the file is none.
 */
export async function readProfile(path: string): Promise<CpuProfile> {
  return toCpuProfile(JSON.parse(await readFile(path, "utf8")), path);
}

/** Writes the summary of a profile next to it, named `….txt`. */
export async function writeProfileSummary(path: string): Promise<void> {
  const text = profileText(summarizeProfile(await readProfile(path)));
  await writeFile(path.replace(/\.cpuprofile$/, "") + ".txt", text);
}

function toCpuProfile(value: unknown, path: string): CpuProfile {
  const isProfile =
    typeof value === "object" &&
    value !== null &&
    ["nodes", "samples", "timeDeltas"].every((name) => Array.isArray(Reflect.get(value, name)));
  if (!isProfile) throw new Error(`Cannot read ${basename(path)}: it is no CPU profile`);
  return value as CpuProfile;
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function sorted(sums: ReadonlyMap<string, number>): readonly ProfileShare[] {
  return [...sums]
    .map(([name, micros]) => ({ name, micros }))
    .sort((one, other) => other.micros - one.micros);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === "" ? "(anonymous)" : functionName;
  return url === "" ? name : `${name}  ${shortUrl(url)}:${lineNumber + 1}`;
}

/** The file without what lies before the project's folders. */
function shortUrl(url: string): string {
  return /(?:packages|node_modules)\/.*$/.exec(url)?.[0] ?? url;
}

/** `grpc`, `npm lmdb`, `node`, or V8's own names: `(program)`, `(garbage collector)`. */
function packageOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (url.startsWith("node:")) return "node";
  const npm = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (npm !== undefined) return `npm ${npm}`;
  const own = /packages\/([^/]+)\//.exec(url)?.[1];
  if (own !== undefined) return own;
  return functionName.startsWith("(") ? functionName : "(native)";
}
