import { NodeFileSystem, type FileSystem, type Logger, type Timers } from "@quorate/platform";
import { BackendFailedError, StoreCorruptError } from "../errors.ts";
import type { BackendOptions } from "./backend-options.ts";
import type { DatabaseEngine } from "./database.ts";
import { FileBackend, type BackendMeter } from "./file-backend.ts";
import { isLmdbHead, lmdbDamage, lmdbHeadBytes } from "./lmdb-head.ts";
import { LmdbEnvironment } from "./lmdb-environment.ts";
import { checkStructure, type ReadAt } from "./pages/structure.ts";

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
  open: (path, options, dependencies) => {
    const fileSystem = dependencies.fileSystem ?? new NodeFileSystem();
    const engine = lmdbEngine(fileSystem);
    return FileBackend.open(path, options, { ...dependencies, engine, fileSystem });
  },
};

function lmdbEngine(files: FileSystem): DatabaseEngine {
  return {
    headBytes: lmdbHeadBytes,
    isOwn: isLmdbHead,
    damageOf: lmdbDamage,
    checkStructure: async (path) => {
      const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0;
      const file = await files.open(path, "read");
      const read: ReadAt = (target, position) => file.read(target, position);
      const refuse = (what: string): never => {
        throw new StoreCorruptError(what, { path });
      };
      await checkStructure(read, sizeBytes, refuse).finally(() => file.close());
    },
    open: async (path) => {
      const environment = new LmdbEnvironment(path);
      const sizeBytes = (await files.stat(path))?.sizeBytes ?? 0;
      const { sizeInUseBytes } = environment.sizes();
      if (sizeInUseBytes <= sizeBytes) return environment;
      await environment.close();
      const problem = `it is cut short: ${sizeBytes} bytes are left of ${sizeInUseBytes} in use`;
      throw new BackendFailedError(`open database "${path}"`, new Error(problem));
    },
  };
}
