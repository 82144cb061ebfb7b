/**
 * Compacts old revisions without being asked, on the leader only.
 *
 * - `periodic`, retention R: samples the revision every min(R, 1 h) / 10 and compacts to the one
 *   sampled R ago, first after R, then every min(R, 1 h).
 * - `revision`, N: every 5 minutes keeps the newest N revisions.
 */
import type { Clock, Logger, Timer, Timers } from "@quorate/platform";
import type { AutoCompaction } from "../config/options.ts";

const hourMillis = 3_600_000;
const revisionModePeriodMillis = 5 * 60_000;

/** What the compactor acts on. */
export interface AutoCompactorTarget {
  readonly isLeader: boolean;
  readonly currentRevision: number;
  /** Rejects when the compaction was refused or not committed. */
  compact(revision: number): Promise<void>;
}

/** What the compactor needs from its surroundings. */
export interface AutoCompactorDependencies {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Runs from construction to `close`. */
export class AutoCompactor {
  readonly #policy: AutoCompaction;
  readonly #target: AutoCompactorTarget;
  readonly #dependencies: AutoCompactorDependencies;
  readonly #samples: { readonly at: number; readonly revision: number }[] = [];
  readonly #startedAt: number;
  #lastCompactionAt: number;
  #timer: Timer | undefined;

  constructor(
    policy: AutoCompaction,
    target: AutoCompactorTarget,
    dependencies: AutoCompactorDependencies,
  ) {
    this.#policy = policy;
    this.#target = target;
    this.#dependencies = dependencies;
    this.#startedAt = dependencies.clock.monotonicMillis();
    this.#lastCompactionAt = this.#startedAt;
    this.#schedule();
  }

  /** Stops. Idempotent. */
  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    const policy = this.#policy;
    if (policy.mode === "off") return;
    const period =
      policy.mode === "periodic"
        ? Math.min(policy.retentionMillis, hourMillis) / 10
        : revisionModePeriodMillis;
    this.#timer = this.#dependencies.timers.setTimer(period, () => {
      this.#schedule();
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    const revision = this.#dueRevision();
    if (revision === undefined || revision < 1 || !this.#target.isLeader) return;
    const { logger } = this.#dependencies;
    try {
      await this.#target.compact(revision);
      logger.info("compacted automatically", { revision });
    } catch (error) {
      // A revision that is compacted already, or a leader that just changed: the next period tries.
      logger.debug("automatic compaction refused", { revision, error: String(error) });
    }
  }

  #dueRevision(): number | undefined {
    const policy = this.#policy;
    if (policy.mode === "off") return undefined;
    if (policy.mode === "revision") {
      return this.#target.currentRevision - policy.retentionRevisions;
    }
    const now = this.#dependencies.clock.monotonicMillis();
    this.#samples.push({ at: now, revision: this.#target.currentRevision });
    const horizon = now - policy.retentionMillis;
    let due: number | undefined;
    for (let oldest = this.#samples[0]; oldest !== undefined && oldest.at <= horizon;) {
      due = oldest.revision;
      const next = this.#samples[1];
      if (next === undefined || next.at > horizon) break;
      this.#samples.shift();
      oldest = next;
    }
    const isFirst = this.#lastCompactionAt === this.#startedAt;
    const period = Math.min(policy.retentionMillis, hourMillis);
    if (due === undefined || (!isFirst && now - this.#lastCompactionAt < period)) return undefined;
    this.#lastCompactionAt = now;
    return due;
  }
}
