/**
 * The stored value of a key **is** the wire form of protobuf `mvccpb.KeyValue`: fields key=1,
 * create_revision=2, mod_revision=3, version=4, value=5, lease=6; zero values are left out.
 */
export interface StoredKeyValue {
  /** View into the stored bytes. */
  readonly key: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** 1 at creation, one more for each put; 0 in the row of a tombstone. */
  readonly version: number;
  /** View into the stored bytes. */
  readonly value: Uint8Array;
  /** 0n if none. */
  readonly lease: bigint;
}

/** Decodes stored bytes. @throws StoreCorruptError if they are no `KeyValue` (B7). */
export declare function decodeStored(bytes: Uint8Array): StoredKeyValue;
