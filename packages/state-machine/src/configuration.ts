import { ByteReader, ByteReaderError, ByteWriter } from "./bytes.ts";

/**
 * Who takes part in consensus, as the configuration entries of the log say.
 *
 * The same shape as the consensus package's `Configuration`, which is assignable to it.
 */
export interface MemberConfiguration {
  /** Ascending. */
  readonly voters: readonly bigint[];
  /** Ascending; empty unless two sets must agree. */
  readonly votersOutgoing: readonly bigint[];
  /** Ascending. */
  readonly learners: readonly bigint[];
  /** Ascending; voters of the outgoing set that become learners. */
  readonly learnersNext: readonly bigint[];
}

/** The configuration before anything is known. */
export const emptyConfiguration: MemberConfiguration = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
};

/** Encodes a configuration for its row in bucket `meta`. */
export function encodeConfiguration(configuration: MemberConfiguration): Uint8Array {
  const writer = new ByteWriter();
  for (const ids of listsOf(configuration)) {
    writer.varint(ids.length);
    for (const id of ids) writer.u64(id);
  }
  return writer.finish();
}

/** Decodes what {@link encodeConfiguration} made. @throws ByteReaderError for anything else. */
export function decodeConfiguration(bytes: Uint8Array): MemberConfiguration {
  const reader = new ByteReader(bytes);
  const configuration = {
    voters: readIds(reader),
    votersOutgoing: readIds(reader),
    learners: readIds(reader),
    learnersNext: readIds(reader),
  };
  reader.end();
  return configuration;
}

/** Ids of everyone in any role. */
export function idsOf(configuration: MemberConfiguration): ReadonlySet<bigint> {
  return new Set(listsOf(configuration).flat());
}

/** Whether the member does not vote now or will not once the joint phase is over. */
export function isLearnerIn(configuration: MemberConfiguration, id: bigint): boolean {
  return configuration.learners.includes(id) || configuration.learnersNext.includes(id);
}

function listsOf(configuration: MemberConfiguration): (readonly bigint[])[] {
  const { voters, votersOutgoing, learners, learnersNext } = configuration;
  return [voters, votersOutgoing, learners, learnersNext];
}

function readIds(reader: ByteReader): bigint[] {
  const count = reader.varint();
  if (count * 8 > reader.remaining) throw new ByteReaderError(`${count} ids wanted`);
  return Array.from({ length: count }, () => reader.u64());
}
