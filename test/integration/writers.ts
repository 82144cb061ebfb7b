/**
 * Writers that remember what was acknowledged, to be held against what the store has in the end.
 *
 * Each writer counts up on a key of its own, in one transaction a step that also leaves a row of
 * its own. A step whose outcome is unknown is looked up before the next one.
 */
import { connect, EtcdError, op, type Client } from "@quorate/client";

/** What a writer knows. */
export interface WriterRecord {
  readonly name: string;
  /** Rows whose write was acknowledged, with the revision of the acknowledgement. */
  readonly acknowledged: Map<string, number>;
  /** Rows that may or may not be there. */
  readonly unknown: Set<string>;
  /** Times of acknowledgements, in milliseconds. */
  readonly acknowledgedAt: number[];
}

/** Runs one writer on one endpoint until `signal` aborts. */
export async function runWriter(
  name: string,
  endpoint: string,
  signal: AbortSignal,
): Promise<WriterRecord> {
  const record: WriterRecord = {
    name,
    acknowledged: new Map(),
    unknown: new Set(),
    acknowledgedAt: [],
  };
  await using client = connect({ endpoints: [endpoint] });
  for (let step = 1; !signal.aborted; step += 1) await writeStep(client, record, step);
  return record;
}

async function writeStep(client: Client, record: WriterRecord, step: number): Promise<void> {
  const row = `rows/${record.name}/${String(step).padStart(8, "0")}`;
  try {
    const { header } = await client
      .txn()
      .then(op.put(`count/${record.name}`, String(step)), op.put(row, record.name))
      .commit({ deadlineMillis: 2_000 });
    record.acknowledged.set(row, header.revision);
    record.acknowledgedAt.push(performance.now());
  } catch (error) {
    if (!(error instanceof EtcdError)) throw error;
    if (error.isOutcomeUnknown) record.unknown.add(row);
  }
}
