/**
 * Levels from least to most urgent. `error`: someone must act; `warn`: will need action; `info`:
 * rare life events.
 */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Values of a log field. Bytes of keys and values, secrets and tokens never go in (S8). */
export type LogField = string | number | boolean | bigint | readonly string[] | undefined;

/** Structured logger: a constant message and fields. Calls never block and never throw (B23). */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, LogField>>): void;
  info(message: string, fields?: Readonly<Record<string, LogField>>): void;
  warn(message: string, fields?: Readonly<Record<string, LogField>>): void;
  error(message: string, fields?: Readonly<Record<string, LogField>>): void;
  /** A logger that adds the fields to each line. */
  child(fields: Readonly<Record<string, LogField>>): Logger;
  /** Whether lines of the level are written; check before building costly fields. */
  isEnabled(level: LogLevel): boolean;
}
