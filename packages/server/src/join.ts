/**
 * Who a process is that starts with an empty data directory.
 *
 * - `--initial-cluster-state=new`: it is born with its cluster; ids follow from the settings.
 *   Unless the others have seen it before: what it promised them is gone with its directory (B16).
 * - `existing`: it was added, and the others know its id by its peer URLs.
 */
import type { Logger, Timers } from "@quorate/platform";
import { normalizePeerUrls, parseInitialCluster } from "@quorate/state-machine";
import type { ServerOptions } from "./config/options.ts";
import type { Bootstrap } from "./member/storage.ts";
import { askPeer, type ClusterDescription, type DescribedMember } from "./peer/cluster-question.ts";

/** What asking needs. */
export interface JoinDependencies {
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Why a process may not start as this member; the message is for the operator. */
export class JoinError extends Error {
  override readonly name = "JoinError";
  readonly code = "join";
}

const answerMillis = 5_000;
const retryMillis = 500;
/** A peer may be behind, and hear of this member a little later. */
const attemptsMax = 10;

/**
 * Finds out who this process is.
 *
 * @param isNew - Whether there is no log yet; else the log knows, and nobody is asked.
 * @throws {@link JoinError} when it may not start as whom the settings name.
 */
export async function identify(
  { cluster, member }: ServerOptions,
  isNew: boolean,
  dependencies: JoinDependencies,
): Promise<Bootstrap> {
  const others = [...cluster.initialCluster]
    .filter(([name]) => name !== member.name)
    .flatMap(([, urls]) => urls);
  if (cluster.initialClusterState === "new") {
    const bootstrap = bootstrapOf({ cluster, member });
    if (isNew) await checkNotSeen(bootstrap, others, dependencies);
    return bootstrap;
  }
  if (!isNew) return { memberId: 1n, clusterId: 0n, initialCluster: undefined };
  return join({ cluster, member }, others, dependencies);
}

function bootstrapOf({ cluster, member }: ServerOptions): Bootstrap {
  const setting = [...cluster.initialCluster]
    .flatMap(([name, urls]) => urls.map((url) => `${name}=${url}`))
    .join(",");
  const initialCluster = parseInitialCluster(setting, cluster.initialClusterToken);
  const own = initialCluster.members.find(({ name }) => name === member.name);
  if (own === undefined) throw new Error(`Cannot find "${member.name}" in the initial cluster`);
  return { memberId: own.id, clusterId: initialCluster.clusterId, initialCluster };
}

/** As etcd's `isMemberBootstrapped`; others that do not run yet hinder nobody. */
async function checkNotSeen(
  { memberId, clusterId }: Bootstrap,
  others: readonly string[],
  dependencies: JoinDependencies,
): Promise<void> {
  const found = await ask(others, false, dependencies);
  const id = memberId.toString(16);
  for (const description of found.filter((each) => each.clusterId === clusterId)) {
    if (description.removedIds.includes(memberId)) {
      throw new JoinError(
        `Cannot start as member ${id}: it was removed from the cluster; add it anew and start ` +
          'with "--initial-cluster-state=existing"',
      );
    }
    const own = description.members.find((each) => each.id === memberId);
    if (own !== undefined && own.name !== "") throw startedBefore(own);
  }
}

async function join(
  { cluster, member }: ServerOptions,
  others: readonly string[],
  dependencies: JoinDependencies,
): Promise<Bootstrap> {
  if (others.length === 0) {
    throw new JoinError(
      'Cannot join: "--initial-cluster" names no other member that could be asked',
    );
  }
  let reason = "";
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    const newest = newestOf(await ask(others, true, dependencies));
    if (newest === undefined) {
      reason = `none of ${others.join(", ")} answers`;
    } else {
      const problem = mismatch([...cluster.initialCluster.values()], newest.members);
      const own = find(newest.members, member.advertisePeerUrls);
      if (own !== undefined && own.name !== "") throw startedBefore(own);
      if (own !== undefined && problem === undefined) {
        return { memberId: own.id, clusterId: newest.clusterId, initialCluster: undefined };
      }
      reason =
        own === undefined
          ? `no member has the peer URLs ${member.advertisePeerUrls.join(", ")}; add it first`
          : `"--initial-cluster" is not the cluster: ${problem}`;
    }
    if (attempt < attemptsMax) {
      dependencies.logger.info("joining waits for the cluster", { reason });
      await pause(dependencies.timers);
    }
  }
  throw new JoinError(`Cannot join: ${reason}`);
}

function startedBefore({ id, name }: DescribedMember): JoinError {
  return new JoinError(
    `Cannot start as member ${id.toString(16)} ("${name}") with an empty data directory: it has ` +
      "started before, and what it promised is lost with its directory; remove the member, then " +
      "add it anew",
  );
}

async function ask(
  urls: readonly string[],
  isFreshWanted: boolean,
  { timers, logger }: JoinDependencies,
): Promise<readonly ClusterDescription[]> {
  const answers = urls.map(async (url) => {
    try {
      const answer = await askPeer(url, isFreshWanted, { timers, timeoutMillis: answerMillis });
      return answer.members.length > 0 ? [answer] : [];
    } catch (error) {
      logger.debug("peer did not say who the members are", { url, error: String(error) });
      return [];
    }
  });
  return (await Promise.all(answers)).flat();
}

/** A confirmed answer is better than any other, then the one that knows most of the log. */
function newestOf(descriptions: readonly ClusterDescription[]): ClusterDescription | undefined {
  const [best] = [...descriptions].sort((a, b) => {
    if (a.isFresh !== b.isFresh) return a.isFresh ? -1 : 1;
    return b.appliedIndex - a.appliedIndex;
  });
  return best;
}

function find(
  members: readonly DescribedMember[],
  urls: readonly string[],
): DescribedMember | undefined {
  const wanted = normalizePeerUrls(urls).join();
  return members.find(({ peerUrls }) => normalizePeerUrls(peerUrls).join() === wanted);
}

/** How the setting and the cluster differ, as etcd's `ValidateClusterAndAssignIDs` finds it. */
function mismatch(
  setting: readonly (readonly string[])[],
  members: readonly DescribedMember[],
): string | undefined {
  const unknown = setting.find((urls) => find(members, urls) === undefined);
  if (unknown !== undefined) return `no member has the peer URLs ${unknown.join(", ")}`;
  if (setting.length === members.length) return undefined;
  const named = members.map(({ name, peerUrls }) => `${name}=${peerUrls.join(",")}`);
  return `it names ${setting.length} members of ${members.length}: ${named.join(" ")}`;
}

function pause(timers: Timers): Promise<void> {
  return new Promise((resolve) => {
    timers.setTimer(retryMillis, resolve);
  });
}
