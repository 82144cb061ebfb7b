/** What a member says of the past: all events and all rows, to be compared between members. */
import { connect } from "@quorate/client";

/** Everything one member holds. */
export interface MemberView {
  readonly revision: number;
  /** `revision type key value` of each event since the first write, in order. */
  readonly events: readonly string[];
  /** Mod revision by key. */
  readonly rows: ReadonlyMap<string, number>;
}

/** Reads all of one member, from the first revision to the one that a fresh read tells. */
export async function viewOf(endpoint: string): Promise<MemberView> {
  await using client = connect({ endpoints: [endpoint] });
  const { kvs, revision } = await client.getAll({ prefix: "" });
  const rows = new Map(kvs.map((kv) => [kv.keyText(), kv.modRevision]));
  const events: string[] = [];
  if (revision > 1) {
    await using watcher = client.watch({ prefix: "" }, { startRevision: 1 });
    for await (const batch of watcher.batches()) {
      if (batch.kind !== "events") continue;
      for (const { kv, type } of batch.events) {
        events.push(`${kv.modRevision} ${type} ${kv.keyText()} ${kv.text()}`);
      }
      // A revision is never split over batches, so its last event is in this one.
      if ((batch.events.at(-1)?.kv.modRevision ?? 0) >= revision) break;
    }
  }
  return { revision, events, rows };
}
