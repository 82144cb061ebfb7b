/** What a member does to its files, out of what `strace` writes of a whole life. */
import type { MemberDirectory, Site } from "./kill-sites.ts";

/** Calls that leave files as they are. Each other one is taken for a change, new ones too. */
const readingCalls: ReadonlySet<string> = new Set([
  ...["access", "faccessat", "faccessat2", "stat", "lstat", "fstat", "newfstatat", "statx"],
  ...["statfs", "fstatfs", "lseek", "read", "readv", "pread64", "preadv", "preadv2", "readlink"],
  ...["getdents64", "mmap", "close", "dup", "dup2", "dup3", "fcntl", "flock", "fadvise64"],
  ...["epoll_ctl", "ioctl"],
]);

/** The wrapper of a command that traces all that is done to files and descriptors. */
export function traceWrapper(path: string): readonly string[] {
  return [
    ...["strace", "-D", "-f", "-qq", "-y", "-s", "0", "-e", "signal=none"],
    ...["-e", "trace=%file,%desc", "-o", path],
  ];
}

/** Each kind of change in a trace, once and in alphabetical order: the call, and to what. */
export function changesOf(trace: string, data: string): readonly string[] {
  const changes = new Set<string>();
  for (const line of trace.split("\n")) {
    const [, call, rest] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    if (call === undefined || rest === undefined || readingCalls.has(call)) continue;
    // One that only opens what is there changes nothing.
    if (call.startsWith("open") && !/O_CREAT|O_TRUNC/.test(rest)) continue;
    const path = /[<"](\/[^>"]*)[>"]/g;
    const paths = [...rest.matchAll(path)].map(([, each = ""]) => each);
    const own = paths.find((each) => each === data || each.startsWith(`${data}/`));
    if (own !== undefined) changes.add(`${call} ${kindOf(own, data)}`);
  }
  return [...changes].sort();
}

/** The same of a place in the lists. */
export function kindOfSite(site: Site, directory: MemberDirectory): string {
  const [path = ""] = site.paths(directory);
  const { segments, prepared, data } = directory;
  if (segments.includes(path)) return `${site.call} segment`;
  if (path === prepared) return `${site.call} prepared segment`;
  return `${site.call} ${kindOf(path, data)}`;
}

/** Files that take each other's place are one kind. */
function kindOf(path: string, data: string): string {
  const name = path === data ? "." : path.slice(data.length + 1);
  if (/^member\/wal\/.*\.wal$/.test(name)) return "segment";
  if (/^member\/wal\/.*\.prepared$/.test(name)) return "prepared segment";
  return name.replace(/^member\/snap\/[0-9a-f]{16}-[0-9a-f]{16}\.snap\.db/, "named state");
}
