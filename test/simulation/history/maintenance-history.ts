/** What an operator asked and was told. Times are virtual. */
import type { CallWindow } from "./lease-history.ts";
import type { TruthPair } from "./truth.ts";

/** One call of an operator. */
export type MaintenanceCall = CallWindow &
  (
    | {
        readonly kind: "compact";
        readonly revision: number;
        readonly outcome: "done" | "compacted" | "future-revision" | "unknown";
      }
    | {
        /** A range at an old revision. */
        readonly kind: "read";
        readonly prefix: string;
        readonly revision: number;
        readonly isSerializable: boolean;
        readonly outcome:
          | { readonly kind: "done"; readonly pairs: ReadonlyMap<string, TruthPair> }
          | { readonly kind: "compacted" | "future-revision" };
      }
    | {
        readonly kind: "hash";
        readonly memberId: bigint;
        readonly hash: number;
        readonly hashRevision: number;
        readonly compactRevision: number;
      }
    | {
        readonly kind: "status";
        readonly memberId: bigint;
        /** 0n for none. */
        readonly leader: bigint;
        readonly term: number;
      }
  );
