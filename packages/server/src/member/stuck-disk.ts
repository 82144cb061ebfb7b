import type { Logger } from "@quorate/platform";
import type { RaftNode } from "@quorate/raft";

/**
 * Lets a leader step aside whose disk does not answer: it commits with the others' disks but can
 * apply nothing, so one with a working disk serves better (B11).
 *
 * @param syncMillis - How long the sync under way has taken.
 */
export function stepAsideIfStuck(
  raft: RaftNode,
  { syncMillis, limitMillis }: { readonly syncMillis: number; readonly limitMillis: number },
  logger: Logger,
): void {
  if (syncMillis < limitMillis) return;
  const { configuration, leadership } = raft.status();
  if (leadership === undefined || leadership.transferTarget !== undefined) return;
  const target = leadership.followers.find(
    ({ id, isRecentlyActive }) => isRecentlyActive && configuration.voters.includes(id),
  );
  if (target === undefined) return;
  logger.warn("disk is stuck; handing leadership over", {
    to: target.id.toString(16),
    "sync-millis": syncMillis,
  });
  raft.transferLeadership(target.id);
}
