/** Alarms by the names that health checks use; what the member does not know itself is UNKNOWN. */
export type AlarmName = "NOSPACE" | "CORRUPT" | "UNKNOWN";

/** What the health endpoints ask a member. The server implements it. */
export interface MemberHealth {
  /** Active alarms of the whole cluster, oldest first. */
  alarms(): readonly AlarmName[];
  hasLeader(): boolean;
  isLearner(): boolean;
  /**
   * Reads one key from this member alone, without permissions of any user.
   *
   * @param timeoutMillis - After which the answer is not needed any more.
   * @returns Rejects with an Error whose message is the one that clients would see.
   */
  serializableRead(timeoutMillis: number): Promise<void>;
  /** The same through the leader's confirmation. */
  linearizableRead(timeoutMillis: number): Promise<void>;
}

/** Versions as `/version` tells them. */
export interface MemberVersions {
  readonly server: string;
  /** Undefined until the cluster has agreed on one. */
  readonly cluster: string | undefined;
  /** Undefined until it is known. */
  readonly storage: string | undefined;
}
