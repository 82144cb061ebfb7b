import type { Backend, Key } from "@quorate/mvcc";
import { idOfRowKey, rowKeyOfId } from "./row-key.ts";

/** One raised alarm. */
export interface Alarm {
  /** The member it was raised for. */
  readonly memberId: bigint;
  /** Number of the wire's `AlarmType`: 1 NOSPACE, 2 CORRUPT; others are kept as they are. */
  readonly alarm: number;
}

/** The raised alarms of all members; each change is staged in bucket `alarm` at once. */
export class AlarmTable {
  readonly #backend: Backend;
  readonly #alarms = new Map<Key, Alarm>();

  /** Starts empty; see {@link AlarmTable.load}. */
  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Replaces the content by the rows of bucket `alarm`. */
  load(): void {
    this.#alarms.clear();
    this.#backend.scan("alarm", { begin: "" }, (key) => {
      const alarm = Number(BigInt.asIntN(64, idOfRowKey(key, 8)));
      this.#alarms.set(key, { memberId: idOfRowKey(key), alarm });
      return true;
    });
  }

  /** Whether any member has an alarm of the type. */
  isRaised(alarm: number): boolean {
    // Hot: asked for every request; nearly always empty.
    if (this.#alarms.size === 0) return false;
    for (const raised of this.#alarms.values()) if (raised.alarm === alarm) return true;
    return false;
  }

  /** Alarms of a type, or all for 0, ascending by row (member id, then type). */
  list(alarm = 0): readonly Alarm[] {
    return [...this.#alarms]
      .filter(([, raised]) => alarm === 0 || raised.alarm === alarm)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([, raised]) => raised);
  }

  /** Raises an alarm; raising it again changes nothing. */
  activate(raised: Alarm): void {
    const key = rowKeyOf(raised);
    if (this.#alarms.has(key)) return;
    this.#alarms.set(key, raised);
    this.#backend.put("alarm", key, new Uint8Array(0));
  }

  /** Clears an alarm. @returns false when it was not raised. */
  deactivate(raised: Alarm): boolean {
    const key = rowKeyOf(raised);
    if (!this.#alarms.delete(key)) return false;
    this.#backend.delete("alarm", key);
    return true;
  }
}

function rowKeyOf({ memberId, alarm }: Alarm): Key {
  return rowKeyOfId(memberId) + rowKeyOfId(BigInt(alarm));
}
