// One truth about membership (M4): rows in bucket `members` (a member's name and addresses, and the
// ids that were removed for ever, M3) and the configuration row in bucket `meta`. Whether a member
// is a learner is not stored a second time: it is read from the configuration.
import type { Backend, Key } from "@quorate/mvcc";
import { assert } from "./assert.ts";
import { ByteReader, ByteReaderError, ByteWriter } from "./bytes.ts";
import {
  decodeConfiguration,
  emptyConfiguration,
  encodeConfiguration,
  idsOf,
  isLearnerIn,
  type MemberConfiguration,
} from "./configuration.ts";
import { MalformedRequestError } from "./errors.ts";
import type { MemberAddress, MemberChange } from "./member-change.ts";
import { idOfRowKey, rowKeyOfId } from "./row-key.ts";

/** A member of the cluster. */
export interface MemberRecord {
  readonly id: bigint;
  /** Empty until the member has started and published itself. */
  readonly name: string;
  /** Sorted. */
  readonly peerUrls: readonly string[];
  /** Empty until the member has started and published itself. */
  readonly clientUrls: readonly string[];
  /** Receives the log without a vote. */
  readonly isLearner: boolean;
}

/** What a member says of itself when it starts. */
export interface MemberAttributes {
  readonly memberId: bigint;
  readonly name: string;
  readonly clientUrls: readonly string[];
}

/** What checks of membership changes read. */
export interface MemberView {
  /** Ascending by id. */
  readonly members: readonly MemberRecord[];
  /** Whether the id belonged to a member that was removed. */
  isRemoved(id: bigint): boolean;
}

/** The members, the removed ids and the configuration; each change is staged at once. */
export class MemberTable implements MemberView {
  readonly #backend: Backend;
  readonly #rows = new Map<bigint, MemberRow>();
  readonly #removed = new Set<bigint>();
  #configuration: MemberConfiguration = emptyConfiguration;
  #members: readonly MemberRecord[] | undefined;

  /** Starts empty; see {@link MemberTable.load}. */
  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Replaces the content by what the backend holds. */
  load(): void {
    this.#rows.clear();
    this.#removed.clear();
    this.#members = undefined;
    this.#backend.scan("members", { begin: "" }, (key, value) => {
      const id = idOfRowKey(key, 1);
      if (key.startsWith(removedPrefix)) this.#removed.add(id);
      else this.#rows.set(id, decodeRow(id, value));
      return true;
    });
    const bytes = this.#backend.get("meta", configurationKey);
    this.#configuration = bytes === undefined ? emptyConfiguration : decodeConfiguration(bytes);
  }

  /** Who votes, as of the last configuration entry. */
  get configuration(): MemberConfiguration {
    return this.#configuration;
  }

  /** All members, ascending by id. */
  get members(): readonly MemberRecord[] {
    this.#members ??= [...this.#rows.values()]
      .map((row) => ({ ...row, isLearner: isLearnerIn(this.#configuration, row.id) }))
      .sort((left, right) => (left.id < right.id ? -1 : 1));
    return this.#members;
  }

  /** Ids of removed members, ascending. */
  get removedIds(): readonly bigint[] {
    return [...this.#removed].sort((left, right) => (left < right ? -1 : 1));
  }

  /** See {@link MemberView.isRemoved}. */
  isRemoved(id: bigint): boolean {
    return this.#removed.has(id);
  }

  /** The member with the id. */
  get(id: bigint): MemberRecord | undefined {
    return this.members.find((member) => member.id === id);
  }

  /**
   * Takes over a configuration entry.
   *
   * @param change - undefined when the entry changes nobody's data.
   * @remarks Never refuses: the leader checked before it proposed, and raft already acts on it.
   *   Afterwards the table must list exactly the members of the configuration, else this stops the
   *   member (M4); during a joint phase leaving members may be gone from the table already.
   */
  apply(configuration: MemberConfiguration, change: MemberChange | undefined): void {
    this.#members = undefined;
    this.#configuration = configuration;
    this.#backend.put("meta", configurationKey, encodeConfiguration(configuration));
    if (change !== undefined) this.#applyChange(change);
    const ids = idsOf(configuration);
    for (const id of this.#rows.keys()) {
      assert(ids.has(id), `member ${id.toString(16)} is in the configuration`);
    }
    if (configuration.votersOutgoing.length > 0) return;
    for (const id of ids) {
      assert(this.#rows.has(id), `the configuration's ${id.toString(16)} is a member`);
    }
  }

  /** Notes name and client URLs. @returns false when there is no such member (any more). */
  publish({ memberId, name, clientUrls }: MemberAttributes): boolean {
    const row = this.#rows.get(memberId);
    if (row === undefined) return false;
    this.#put({ ...row, name, clientUrls });
    return true;
  }

  #applyChange(change: MemberChange): void {
    switch (change.kind) {
      case "bootstrap":
        for (const member of change.members) this.#putAddress(member);
        return;
      case "add":
      case "update":
        this.#putAddress(change.member);
        return;
      case "remove":
        this.#rows.delete(change.id);
        this.#removed.add(change.id);
        this.#backend.delete("members", memberPrefix + rowKeyOfId(change.id));
        this.#backend.put("members", removedPrefix + rowKeyOfId(change.id), new Uint8Array(0));
        return;
      case "promote":
        return;
    }
  }

  #putAddress({ id, peerUrls }: MemberAddress): void {
    const { name = "", clientUrls = [] } = this.#rows.get(id) ?? {};
    this.#put({ id, name, peerUrls, clientUrls });
  }

  #put(row: MemberRow): void {
    this.#members = undefined;
    this.#rows.set(row.id, row);
    const writer = new ByteWriter();
    writer.text(row.name);
    writer.texts(row.peerUrls);
    writer.texts(row.clientUrls);
    this.#backend.put("members", memberPrefix + rowKeyOfId(row.id), writer.finish());
  }
}

type MemberRow = Omit<MemberRecord, "isLearner">;

const memberPrefix: Key = "m";
const removedPrefix: Key = "r";
const configurationKey: Key = "configuration";

function decodeRow(id: bigint, value: Uint8Array): MemberRow {
  try {
    const reader = new ByteReader(value);
    const row = { id, name: reader.text(), peerUrls: reader.texts(), clientUrls: reader.texts() };
    reader.end();
    return row;
  } catch (error) {
    if (!(error instanceof ByteReaderError)) throw error;
    throw new MalformedRequestError(`row of member ${id.toString(16)}`, error);
  }
}
