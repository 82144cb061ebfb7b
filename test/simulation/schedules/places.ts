/** Whether a path on a member's disk belongs to its log. */
export function isLogFile(path: string): boolean {
  return path.includes("/wal/");
}

/** Whether a path on a member's disk belongs to its store. */
export function isStoreFile(path: string): boolean {
  return path.includes("/snap/");
}
