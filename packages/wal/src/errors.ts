/** Base of the errors of this package. */
export abstract class WalError extends Error {
  abstract readonly code: WalErrorCode;
}

/** Codes of {@link WalError}. */
export type WalErrorCode =
  | "wal-corrupt"
  | "wal-foreign"
  | "wal-version"
  | "wal-mismatch"
  | "wal-exists"
  | "wal-missing"
  | "wal-failed"
  | "wal-closed"
  | "snapshot-corrupt";

/** Where a log is damaged, and how one can tell. */
export interface CorruptionDetails {
  readonly path: string;
  /** Byte offset of the first record that cannot be trusted. */
  readonly offset: number;
  /** What is wrong, as the end of a sentence. */
  readonly problem: string;
  /** Checksum that the record claims, where that is what is wrong. */
  readonly expectedCrc?: number;
  /** Checksum of what is there. */
  readonly actualCrc?: number;
}

/**
 * Bytes that had been durable are damaged or missing: not a torn tail, so nothing is cut (B6).
 *
 * The member must not vote or serve with this log.
 */
export class WalCorruptError extends WalError {
  override readonly name = "WalCorruptError";
  override readonly code = "wal-corrupt";
  readonly path: string;
  readonly offset: number;
  readonly problem: string;
  readonly expectedCrc: number | undefined;
  readonly actualCrc: number | undefined;

  constructor(details: CorruptionDetails, cause?: unknown) {
    const { path, offset, problem, expectedCrc, actualCrc } = details;
    const crcs =
      expectedCrc === undefined || actualCrc === undefined
        ? ""
        : ` (crc is ${hex(actualCrc)}, expected ${hex(expectedCrc)})`;
    super(`Cannot read log "${path}" at offset ${offset}: ${problem}${crcs}`, { cause });
    this.path = path;
    this.offset = offset;
    this.problem = problem;
    this.expectedCrc = expectedCrc;
    this.actualCrc = actualCrc;
  }
}

/** A file in the directory of the log was not written by this program. */
export class WalForeignFileError extends WalError {
  override readonly name = "WalForeignFileError";
  override readonly code = "wal-foreign";
  readonly path: string;

  constructor(path: string) {
    super(`Cannot open log: "${path}" is no log segment of this program`);
    this.path = path;
  }
}

/** The log was written in another format version. */
export class WalVersionError extends WalError {
  override readonly name = "WalVersionError";
  override readonly code = "wal-version";
  readonly path: string;
  readonly actualVersion: number;
  readonly expectedVersion: number;

  constructor(path: string, actualVersion: number, expectedVersion: number) {
    super(
      `Cannot open log "${path}": format version is ${actualVersion}, expected ${expectedVersion}`,
    );
    this.path = path;
    this.actualVersion = actualVersion;
    this.expectedVersion = expectedVersion;
  }
}

/** The log belongs to another cluster or member (B25). */
export class WalMismatchError extends WalError {
  override readonly name = "WalMismatchError";
  override readonly code = "wal-mismatch";
  readonly field: "clusterId" | "memberId";
  readonly actual: bigint;
  readonly expected: bigint;

  constructor(field: "clusterId" | "memberId", actual: bigint, expected: bigint) {
    const name = field === "clusterId" ? "cluster id" : "member id";
    super(`Cannot open log: ${name} is ${actual.toString(16)}, expected ${expected.toString(16)}`);
    this.field = field;
    this.actual = actual;
    this.expected = expected;
  }
}

/** A log was to be created where something is. */
export class WalExistsError extends WalError {
  override readonly name = "WalExistsError";
  override readonly code = "wal-exists";
  readonly path: string;

  constructor(path: string) {
    super(`Cannot create log: "${path}" exists and is not empty`);
    this.path = path;
  }
}

/** There is no log to open. */
export class WalMissingError extends WalError {
  override readonly name = "WalMissingError";
  override readonly code = "wal-missing";
  readonly path: string;

  constructor(path: string) {
    super(`Cannot open log: "${path}" holds no segment`);
    this.path = path;
  }
}

/** A write or sync failed once; nothing is durable or written from then on (B3). */
export class WalFailedError extends WalError {
  override readonly name = "WalFailedError";
  override readonly code = "wal-failed";

  constructor(cause: unknown) {
    super(`Cannot write to the log: an earlier operation failed: ${String(cause)}`, { cause });
  }
}

/** The log was closed by its owner. */
export class WalClosedError extends WalError {
  override readonly name = "WalClosedError";
  override readonly code = "wal-closed";

  constructor() {
    super("Cannot write to the log: it is closed");
  }
}

/** A snapshot file does not match its checksum, or has none (B7). */
export class SnapshotCorruptError extends WalError {
  override readonly name = "SnapshotCorruptError";
  override readonly code = "snapshot-corrupt";
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`Cannot use snapshot "${path}": ${problem}`);
    this.path = path;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
