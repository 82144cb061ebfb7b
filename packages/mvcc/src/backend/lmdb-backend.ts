import { NodeFileSystem, type FileSystem, type Logger, type Timers } from "@quorate/platform";
import type { BackendOptions } from "./backend-options.ts";
import type { DatabaseEngine } from "./database.ts";
import { FileBackend, type BackendMeter } from "./file-backend.ts";
import { LmdbEnvironment } from "./lmdb-environment.ts";

/** What an LMDB backend needs from outside. */
export interface LmdbBackendDependencies {
  readonly timers: Timers;
  /** For all but LMDB's own work; must be the system's files. @default a NodeFileSystem */
  readonly fileSystem?: FileSystem;
  readonly logger?: Logger;
  /** Where durations go; all or none. */
  readonly meter?: BackendMeter;
}

/** A {@link FileBackend} on LMDB: what members run with. */
export type LmdbBackend = FileBackend;

/** Opens databases of LMDB. */
export const LmdbBackend: {
  /**
   * Opens, or creates, the database file at `path`; one process at a time, which the caller
   * ensures.
   *
   * @throws BackendForeignFileError if something else is at the path; BackendFailedError.
   */
  open(
    path: string,
    options: Partial<BackendOptions>,
    dependencies: LmdbBackendDependencies,
  ): Promise<LmdbBackend>;
} = {
  open: (path, options, dependencies) =>
    FileBackend.open(path, options, {
      ...dependencies,
      engine: lmdbEngine,
      fileSystem: dependencies.fileSystem ?? new NodeFileSystem(),
    }),
};

/** Magic number of an LMDB meta page and where it stands in a file of the version we use. */
const lmdbMagic = 0xbeefc0de;
const lmdbMagicOffset = 24;

const lmdbEngine: DatabaseEngine = {
  headBytes: 64,
  isOwn: (head) =>
    Buffer.from(head.buffer, head.byteOffset).readUInt32LE(lmdbMagicOffset) === lmdbMagic,
  open: async (path) => Promise.resolve(new LmdbEnvironment(path)),
};
