import type { LogField, Logger, LogLevel } from "../logger.ts";
import type { Counter, Gauge, Histogram } from "../meter.ts";

/** One line that a {@link RecordingLogger} kept. */
export interface LogRecord {
  readonly level: LogLevel;
  readonly message: string;
  /** Fields of the parents and of the call. */
  readonly fields: Readonly<Record<string, LogField>>;
}

/** Keeps log lines in memory; children write to the same list. */
export class RecordingLogger implements Logger {
  readonly records: LogRecord[];
  readonly #fields: Readonly<Record<string, LogField>>;

  constructor(records: LogRecord[] = [], fields: Readonly<Record<string, LogField>> = {}) {
    this.records = records;
    this.#fields = fields;
  }

  debug(message: string, fields?: Readonly<Record<string, LogField>>): void {
    this.#record("debug", message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, LogField>>): void {
    this.#record("info", message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, LogField>>): void {
    this.#record("warn", message, fields);
  }

  error(message: string, fields?: Readonly<Record<string, LogField>>): void {
    this.#record("error", message, fields);
  }

  child(fields: Readonly<Record<string, LogField>>): Logger {
    return new RecordingLogger(this.records, { ...this.#fields, ...fields });
  }

  isEnabled(): boolean {
    return true;
  }

  /** Messages in order, of one level or of all. */
  messages(level?: LogLevel): readonly string[] {
    return this.records
      .filter((record) => level === undefined || record.level === level)
      .map((record) => record.message);
  }

  #record(level: LogLevel, message: string, fields?: Readonly<Record<string, LogField>>): void {
    this.records.push({ level, message, fields: { ...this.#fields, ...fields } });
  }
}

/** Keeps the sum. */
export class RecordingCounter implements Counter {
  total = 0;

  add(amount: number = 1): void {
    this.total += amount;
  }
}

/** Keeps the last value. */
export class RecordingGauge implements Gauge {
  value: number | undefined;

  set(value: number): void {
    this.value = value;
  }
}

/** Keeps every observed value. */
export class RecordingHistogram implements Histogram {
  readonly values: number[] = [];

  observe(value: number): void {
    this.values.push(value);
  }
}
