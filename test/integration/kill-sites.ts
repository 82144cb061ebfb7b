/**
 * The file operations in the life of a member, each as a place where it can be killed.
 *
 * `kill-sites.test.ts` holds them against traces of whole lives: a first start, a start from what
 * is there, load with new segments of the log and removed ones, commits, compaction,
 * defragmentation, and the receipt and the sending of a snapshot. In the order in which a life
 * comes to them.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** One kind of operation. */
export interface Site {
  readonly name: string;
  /** The system call. */
  readonly call: string;
  /** Files that it is done to, as the directory is before the life begins. */
  readonly paths: (directory: MemberDirectory) => readonly string[];
  /** Which of these operations in a thread is the one that does not happen, from 1. */
  readonly nth: number;
}

/** What lies in a data directory, and what will. */
export interface MemberDirectory {
  /** The data directory itself. */
  readonly data: string;
  /** Paths of the segments of the log, oldest first. */
  readonly segments: readonly string[];
  /** Path of the segment that is made ready next. */
  readonly prepared: string;
}

/** Looks at a data directory that may not exist. */
export async function lookAt(data: string): Promise<MemberDirectory> {
  const wal = join(data, "member/wal");
  const names = await readdir(wal).catch((): string[] => []);
  const segments = names.filter((name) => name.endsWith(".wal")).sort();
  const last = Number.parseInt(segments.at(-1)?.slice(0, 16) ?? "0", 16);
  const next = (last + 1).toString(16).padStart(16, "0");
  return {
    data,
    segments: segments.map((name) => join(wal, name)),
    prepared: join(wal, `${next}.prepared`),
  };
}

/** Operations of a first start. */
export const firstStartSites: readonly Site[] = [
  siteIn("mkdir", "."),
  siteIn("mkdir", "member"),
  siteIn("mkdir", "member/snap"),
  siteIn("openat", "member/lock"),
  siteIn("fsync", "member"),
  siteIn("fsync", "."),
  siteIn("mkdir", "member/wal.new"),
  siteIn("openat", "member/wal.new/0000000000000000-0000000000000001.wal"),
  siteIn("ftruncate", "member/wal.new/0000000000000000-0000000000000001.wal"),
  siteIn("pwritev", "member/wal.new/0000000000000000-0000000000000001.wal"),
  siteIn("fdatasync", "member/wal.new/0000000000000000-0000000000000001.wal"),
  siteIn("fsync", "member/wal.new"),
  siteIn("rename", "member/wal.new"),
  siteIn("pwrite64", "member/wal/0000000000000000-0000000000000001.wal"),
  siteIn("fdatasync", "member/wal/0000000000000000-0000000000000001.wal"),
  siteIn("openat", "member/snap/db"),
  siteIn("openat", "member/snap/db-lock"),
  siteIn("ftruncate", "member/snap/db-lock"),
  siteIn("pwrite64", "member/snap/db"),
  siteIn("fdatasync", "member/snap/db"),
];

/** Operations of a start from what is there, and of load with all that goes with it. */
export const loadSites: readonly Site[] = [
  segmentSite("pread64", 1),
  segmentSite("pwrite64", 1),
  segmentSite("fdatasync", 1),
  siteIn("openat", "member/snap/db"),
  siteIn("writev", "member/snap/db"),
  siteIn("pwrite64", "member/snap/db", 3),
  siteIn("fdatasync", "member/snap/db", 2),
  segmentSite("pwrite64", 9),
  segmentSite("fdatasync", 3),
  preparedSite("openat"),
  preparedSite("ftruncate"),
  preparedSite("pwrite64"),
  preparedSite("fdatasync"),
  preparedSite("rename"),
  siteIn("fsync", "member/wal"),
  { name: "unlink oldest segment", call: "unlink", paths: oldestSegment, nth: 1 },
  siteIn("fsync", "member/wal", 2),
  siteIn("pwrite64", "member/snap/db", 12),
  siteIn("unlink", "member/snap/db.defragment"),
  siteIn("openat", "member/snap/db.defragment"),
  siteIn("write", "member/snap/db.defragment"),
  siteIn("writev", "member/snap/db.defragment"),
  siteIn("pwrite64", "member/snap/db.defragment"),
  siteIn("fdatasync", "member/snap/db.defragment"),
  siteIn("fdatasync", "member/snap/db.defragment", 2),
  siteIn("openat", "member/snap/db.defragment-lock"),
  siteIn("ftruncate", "member/snap/db.defragment-lock"),
  siteIn("rename", "member/snap/db.defragment"),
  siteIn("fsync", "member/snap"),
  siteIn("unlink", "member/snap/db.defragment-lock"),
  siteIn("unlink", "member/snap/db-lock"),
  siteIn("fdatasync", "member/snap/db", 5),
];

/** What removes a segment in preparation: the end in good order, or a start after a death there. */
export const leftOverSite: Site = preparedSite("unlink");

/**
 * Operations on a state that is received.
 *
 * @param names - What the file may be called.
 */
export function receiveSites(names: readonly string[]): readonly Site[] {
  const below = (suffix: string) => {
    return ({ data }: MemberDirectory): readonly string[] =>
      names.map((name) => join(data, "member/snap", `${name}${suffix}`));
  };
  const [part, whole, lock] = [below(".part"), below(""), below("-lock")];
  return [
    // Last in a life, first here: later lives begin with a short log.
    { name: "unlink oldest segment", call: "unlink", paths: oldestSegment, nth: 1 },
    { name: "openat received state", call: "openat", paths: part, nth: 1 },
    { name: "pwrite64 received state", call: "pwrite64", paths: part, nth: 1 },
    { name: "fdatasync received state", call: "fdatasync", paths: part, nth: 1 },
    { name: "rename received state", call: "rename", paths: part, nth: 1 },
    { name: "openat named state", call: "openat", paths: whole, nth: 1 },
    { name: "openat lock of named state", call: "openat", paths: lock, nth: 1 },
    { name: "ftruncate lock of named state", call: "ftruncate", paths: lock, nth: 1 },
    { name: "writev named state", call: "writev", paths: whole, nth: 1 },
    { name: "pwrite64 named state", call: "pwrite64", paths: whole, nth: 1 },
    { name: "unlink lock of named state", call: "unlink", paths: lock, nth: 1 },
    { name: "ftruncate named state", call: "ftruncate", paths: whole, nth: 1 },
    { name: "fdatasync named state", call: "fdatasync", paths: whole, nth: 1 },
    { name: "rename named state", call: "rename", paths: whole, nth: 1 },
  ];
}

/** Operations on the copy of the state that goes to a member of that id. */
export function sendSites(memberId: bigint): readonly Site[] {
  const copy = `member/snap/outgoing-${memberId.toString(16)}.tmp`;
  return [
    siteIn("unlink", copy),
    siteIn("openat", copy),
    siteIn("write", copy),
    siteIn("fdatasync", copy),
    siteIn("openat", `${copy}-lock`),
    siteIn("ftruncate", `${copy}-lock`),
    siteIn("unlink", `${copy}-lock`),
    siteIn("openat", copy, 2),
  ];
}

function siteIn(call: string, path: string, nth = 1): Site {
  const paths = ({ data }: MemberDirectory): readonly string[] => [join(data, path)];
  return { name: `${call} ${path}${nth === 1 ? "" : ` ${nth}`}`, call, paths, nth };
}

function segmentSite(call: string, nth: number): Site {
  const paths = ({ segments }: MemberDirectory): readonly string[] => segments.slice(-1);
  return { name: `${call} newest segment ${nth}`, call, paths, nth };
}

function preparedSite(call: string): Site {
  const paths = ({ prepared }: MemberDirectory): readonly string[] => [prepared];
  return { name: `${call} prepared segment`, call, paths, nth: 1 };
}

function oldestSegment({ segments }: MemberDirectory): readonly string[] {
  return segments.slice(0, 1);
}
