/**
 * Names of the files in the snapshot directory. A received state is complete and durable before it
 * gets its final name, so a name is a promise.
 */
import type { FileSystem } from "@quorate/platform";

/** File name of the state at a place in the log. */
export function snapshotFileName(mark: { readonly term: number; readonly index: number }): string {
  return `${hex(mark.term)}-${hex(mark.index)}.snap.db`;
}

/** Removes received states and temporary files, but for the one to keep. */
export async function removeSnapshotFiles(
  fileSystem: FileSystem,
  directory: string,
  keep: string | undefined,
): Promise<void> {
  for (const name of await fileSystem.list(directory)) {
    const isOurs = name.endsWith(".snap.db") || name.endsWith(".tmp");
    if (isOurs && name !== keep) await fileSystem.remove(`${directory}/${name}`);
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(16, "0");
}
