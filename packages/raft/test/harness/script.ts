import {
  emptyConfiguration,
  toConfiguration,
  toLogIndex,
  toMemberId,
  type ConfigurationChange,
  type Message,
} from "@quorate/raft";
import type { DataDrivenCommand, DataDrivenHandler } from "@quorate/platform/testing";
import {
  describeConfiguration,
  describeEntry,
  describeProgress,
  describeStatus,
} from "./describe.ts";
import { bytesOf, ids, ScriptedCluster } from "./scripted-cluster.ts";

/**
 * The commands of `testdata/*.txt`:
 *
 * - `cluster VOTERS [learners=(..)] [pre-vote=false] [check-quorum=false] [election=N] [window=N]
 *   [append-bytes=N] [uncommitted-bytes=N] [hold-commits=true]`
 * - `join ID`, `campaign ID`, `tick ID COUNT`, `propose ID TEXT...`, `read ID NUMBER`,
 *   `transfer ID TARGET`, `compact ID INDEX`, `change ID [add-voter:4 remove:1 ...] [joint=true]`
 * - `process ID...`, `persist ID [COUNT]`, `slow-disk ID`, `fast-disk ID`, `restart ID`
 * - `deliver FROM>TO`, `drop FROM>TO`, `cut FROM>TO`, `isolate ID...`, `heal`
 * - `stabilize [ID...] [quiet=true]`; with `quiet` only who leads is told
 * - `tell ID`, `expect ID MEMBER INDEX`
 * - `status`, `progress ID`, `log ID`, `configuration ID`, `state ID`, `in-flight`
 * - `unreachable ID MEMBER`, `snapshot-report ID MEMBER ok|failed`
 */
export function createScript(): DataDrivenHandler {
  let cluster = new ScriptedCluster({ configuration: toConfiguration(ids(1)) });
  return (command) => {
    if (command.name === "cluster") {
      cluster = createCluster(command);
      return statusOf(cluster);
    }
    return run(cluster, command);
  };
}

function createCluster({ positional, args }: DataDrivenCommand): ScriptedCluster {
  const count = (name: string, byDefault: number): number => Number(args.get(name) ?? byDefault);
  return new ScriptedCluster({
    configuration: toConfiguration(
      ids(...positional.map(Number)),
      ids(...numbers(args, "learners")),
    ),
    raft: {
      preVote: args.get("pre-vote") !== "false",
      holdCommits: args.get("hold-commits") === "true",
      checkQuorum: args.get("check-quorum") !== "false",
      electionTimeoutTicks: count("election", 10),
      maxInflightAppends: count("window", 256),
      maxAppendBytes: count("append-bytes", 1024 * 1024),
      maxUncommittedBytes: count("uncommitted-bytes", 1024 * 1024),
    },
  });
}

function numbers(args: ReadonlyMap<string, string>, name: string): readonly number[] {
  return (args.get(name) ?? "").split(" ").filter(Boolean).map(Number);
}

function run(cluster: ScriptedCluster, command: DataDrivenCommand): string {
  const [first = "", second = ""] = command.positional;
  const id = Number(first);
  switch (command.name) {
    case "join":
      cluster.add(toMemberId(BigInt(id)), emptyConfiguration);
      return statusOf(cluster);
    case "campaign":
      cluster.node(id).campaign();
      return cluster.takeTrace();
    case "tick":
      cluster.tick(id, Number(second));
      return cluster.takeTrace();
    case "process":
      for (const each of command.positional) cluster.process(Number(each));
      return cluster.takeTrace();
    case "stabilize":
      cluster.stabilize(...command.positional.map(Number));
      return command.args.get("quiet") === "true" ? quietly(cluster) : cluster.takeTrace();
    case "status":
      return statusOf(cluster);
    default:
      return runOnNode(cluster, command) ?? runOnWorld(cluster, command);
  }
}

function runOnNode(cluster: ScriptedCluster, command: DataDrivenCommand): string | undefined {
  const [first = "", second = "", third = ""] = command.positional;
  const id = Number(first);
  const isKnown = (name: string): boolean => command.name === name;
  if (isKnown("propose")) {
    return command.positional
      .slice(1)
      .map((text) => describeResult(cluster.propose(id, text)))
      .join("\n");
  }
  if (isKnown("read")) return describeResult(cluster.node(id).readIndex(Number(second)));
  if (isKnown("transfer")) {
    return describeResult(cluster.node(id).transferLeadership(toMemberId(BigInt(second))));
  }
  if (isKnown("change")) {
    const changes = command.positional.slice(1).map(parseChange);
    const isJointWanted = command.args.get("joint") === "true";
    const result = cluster.node(id).proposeConfiguration(changes, bytesOf(""), { isJointWanted });
    return describeResult(result);
  }
  if (isKnown("compact")) {
    const index = toLogIndex(Number(second));
    const mark = cluster.node(id).markAt(index);
    cluster.node(id).compact(index);
    cluster.member(id).disk.compact(mark);
    return "";
  }
  if (isKnown("tell")) {
    cluster.node(id).tellCommit();
    return "";
  }
  if (isKnown("expect")) {
    cluster.node(id).expectCommit(toMemberId(BigInt(second)), toLogIndex(Number(third)));
    return "";
  }
  if (isKnown("unreachable")) {
    cluster.node(id).reportUnreachable(toMemberId(BigInt(second)));
    return "";
  }
  if (isKnown("snapshot-report")) {
    cluster.node(id).reportSnapshot(toMemberId(BigInt(second)), third === "ok");
    return "";
  }
  if (isKnown("progress")) return describeProgress(cluster.node(id).status()).join("\n");
  if (isKnown("configuration")) {
    const status = cluster.node(id).status();
    const note = status.isConfigurationCommitted ? "" : " (not committed)";
    return describeConfiguration(status.configuration) + note;
  }
  return undefined;
}

function runOnWorld(cluster: ScriptedCluster, command: DataDrivenCommand): string {
  const [first = "", second = ""] = command.positional;
  switch (command.name) {
    case "slow-disk":
      cluster.member(Number(first)).isDiskSlow = true;
      return "";
    case "fast-disk":
      cluster.member(Number(first)).isDiskSlow = false;
      cluster.persist(Number(first));
      return cluster.takeTrace();
    case "persist":
      cluster.persist(Number(first), second === "" ? Infinity : Number(second));
      return cluster.takeTrace();
    case "restart":
      cluster.member(Number(first)).restart();
      return statusOf(cluster);
    case "deliver":
      cluster.deliver(onLink(first));
      return cluster.takeTrace();
    case "drop":
      cluster.drop(onLink(first));
      return "";
    case "cut":
      for (const link of command.positional) cluster.cut.add(link);
      return "";
    case "isolate":
      cluster.isolate(...command.positional.map(Number));
      return "";
    case "heal":
      cluster.heal();
      return "";
    case "log": {
      const { compacted, entries } = cluster.member(Number(first)).disk;
      return [`base ${compacted.index}/${compacted.term}`, ...entries.map(describeEntry)].join(
        "\n",
      );
    }
    case "state":
      return cluster.member(Number(first)).applied.join(" ");
    case "in-flight":
      return cluster.inFlight.map((message) => `${message.from}>${message.to}`).join("\n");
    default:
      throw new Error(`unknown command "${command.name}"`);
  }
}

function onLink(link: string): (message: Message) => boolean {
  return (message) => link === "" || `${message.from}>${message.to}` === link;
}

function parseChange(text: string): ConfigurationChange {
  const [kind = "", member = ""] = text.split(":");
  const memberId = toMemberId(BigInt(member));
  switch (kind) {
    case "add-voter":
    case "add-learner":
    case "remove":
      return { kind, memberId };
    default:
      throw new Error(`unknown change "${text}"`);
  }
}

function describeResult(result: {
  readonly kind: string;
  readonly index?: number;
  readonly term?: number;
  readonly reason?: string;
  readonly problem?: string;
}): string {
  if (result.kind === "accepted") {
    return result.index === undefined ? "accepted" : `accepted as ${result.index}/${result.term}`;
  }
  return `dropped: ${result.reason}${result.problem === undefined ? "" : ` (${result.problem})`}`;
}

function statusOf(cluster: ScriptedCluster): string {
  return [...cluster.members.values()].map(({ node }) => describeStatus(node.status())).join("\n");
}

function quietly(cluster: ScriptedCluster): string {
  cluster.takeTrace();
  return statusOf(cluster);
}
