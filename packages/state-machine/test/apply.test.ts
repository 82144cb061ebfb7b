import assert from "node:assert/strict";
import { join } from "node:path";
import {
  decodeRangeRequest,
  decodeTxnRequest,
  encodeRangeRequest,
  encodeTxnRequest,
} from "@quorate/api";
import { MvccError } from "@quorate/mvcc";
import {
  testDataDirectory,
  type DataDrivenCommand,
  type DataDrivenHandler,
} from "@quorate/platform/testing";
import {
  checkRangeRequest,
  StateMachineError,
  toDeleteRangeResponse,
  toPutResponse,
  toRangeResponse,
  toTxnResponse,
  type AppliedMessage,
  type MemberChange,
  type RequestOutcome,
} from "@quorate/state-machine";
import { TestMember, type Proposal } from "./support/machine.ts";
import {
  formatOperation,
  formatRange,
  formatTxn,
  parseDelete,
  parsePut,
  parseRange,
  parseTxn,
} from "./support/request-text.ts";

// Each file is one member with its own log. A command that changes the state appends an entry and
// applies it. `crash` loses everything that was not flushed, starts again and replays the log, so
// what follows must read the same as before.
testDataDirectory(join(import.meta.dirname, "testdata/apply"), async () => {
  const member = await TestMember.start();
  return (command) => run(member, command);
});

function run(member: TestMember, command: DataDrivenCommand): ReturnType<DataDrivenHandler> {
  const proposal = toProposal(command);
  if (proposal !== undefined) {
    const [outcome] = member.apply(proposal);
    assert.ok(outcome !== undefined);
    return formatOutcome(outcome);
  }
  switch (command.name) {
    case "term":
      member.log.term = Number(command.positional[0]);
      return "";
    case "crash":
      return member.crash().then(() => "");
    case "flush":
      return member.backend.flush().then(() => "");
    case "configure":
      return configure(member, command);
    default:
      return inspect(member, command);
  }
}

function toProposal(command: DataDrivenCommand): Proposal | undefined {
  const { name, positional, args, input } = command;
  const id = BigInt(/^-?\d+$/.test(positional[0] ?? "") ? (positional[0] ?? 0) : 0);
  switch (name) {
    case "put":
      return { kind: "put", message: parsePut(command) };
    case "delete":
      return { kind: "delete-range", message: parseDelete(command) };
    case "txn":
      return { kind: "txn", message: parseTxn(input) };
    case "compact":
      return { kind: "compact", message: { revision: Number(positional[0]) } };
    case "grant":
      return { kind: "lease-grant", message: { id, ttl: Number(args.get("ttl") ?? 60) } };
    case "revoke":
      return { kind: "lease-revoke", message: { id } };
    case "expire": {
      const ids = positional.map((text) => BigInt(text));
      return { kind: "lease-expire", message: { term: Number(args.get("term")), ids } };
    }
    case "checkpoint": {
      const remainingTtl = Number(args.get("remaining"));
      return { kind: "lease-checkpoint", message: { checkpoints: [{ id, remainingTtl }] } };
    }
    case "alarm":
      return toAlarm(command);
    case "publish": {
      const [, memberName = "", ...clientUrls] = positional;
      return { kind: "member-attributes", message: { memberId: id, name: memberName, clientUrls } };
    }
    case "cluster-version":
      return { kind: "cluster-version", message: { version: positional[0] ?? "" } };
    default:
      return undefined;
  }
}

const alarmActions = ["get", "activate", "deactivate"];
const alarmTypes = ["none", "nospace", "corrupt"];

function toAlarm({ positional }: DataDrivenCommand): Proposal {
  const [action = "", type = "none", memberId = "0"] = positional;
  const alarm = alarmTypes.indexOf(type);
  const message = { action: alarmActions.indexOf(action), alarm, memberId: BigInt(memberId) };
  return { kind: "alarm", message };
}

function configure(member: TestMember, { positional, args }: DataDrivenCommand): string {
  const idsOf = (name: string): bigint[] =>
    (args.get(name) ?? "")
      .split(",")
      .filter(Boolean)
      .map((text) => BigInt(text));
  const configuration = {
    voters: idsOf("voters"),
    votersOutgoing: idsOf("outgoing"),
    learners: idsOf("learners"),
    learnersNext: idsOf("learners-next"),
  };
  const entry = member.log.configure(configuration, toMemberChange(positional));
  const applied = member.machine.apply(entry);
  return `${applied.memberChange?.kind ?? "nothing"} of ${applied.memberChangeRequestId?.member}`;
}

function toMemberChange([kind, ...words]: readonly string[]): MemberChange | undefined {
  const members = words
    .filter((word) => /^\d+@/.test(word))
    .map((word) => {
      const [id = "0", ...urls] = word.split("@");
      return { id: BigInt(id), peerUrls: urls };
    });
  const member = members[0] ?? { id: 0n, peerUrls: [] };
  const id = BigInt(/^\d+$/.test(words[0] ?? "") ? (words[0] ?? 0) : 0);
  switch (kind) {
    case "bootstrap":
      return { kind, members };
    case "add":
      return { kind, member, isLearner: words.includes("learner") };
    case "update":
      return { kind, member };
    case "remove":
    case "promote":
      return { kind, id };
    default:
      return undefined;
  }
}

function formatOutcome(outcome: RequestOutcome): string {
  switch (outcome.kind) {
    case "refused":
      return `error: ${outcome.error.code}`;
    case "put":
      return formatOperation({ response: { case: "responsePut", value: toPutResponse(outcome) } });
    case "delete-range": {
      const value = toDeleteRangeResponse(outcome);
      return formatOperation({ response: { case: "responseDeleteRange", value } });
    }
    case "txn":
      return formatTxn(toTxnResponse(outcome));
    default:
      return formatMessage(outcome);
  }
}

function formatMessage({ kind, message }: AppliedMessage): string {
  switch (kind) {
    case "lease-grant":
      return `revision=${message.header?.revision} id=${message.id} ttl=${message.ttl}`;
    case "lease-expire":
      return message.isVoid ? "void" : `expired ${message.expired.join(" ")}`;
    case "alarm": {
      const alarms = (message.alarms ?? []).map(
        ({ memberId, alarm }) => `${memberId}:${alarmTypes[alarm ?? 0]}`,
      );
      return `revision=${message.header?.revision} alarms=[${alarms.join(" ")}]`;
    }
    case "member-attributes":
      return message.isMember ? "published" : "no member";
    case "cluster-version":
      return message.version;
    default:
      return `revision=${message.header?.revision}`;
  }
}

function inspect({ machine }: TestMember, command: DataDrivenCommand): string {
  switch (command.name) {
    case "range":
      return orError(() => {
        const request = decodeRangeRequest(encodeRangeRequest(parseRange(command)));
        checkRangeRequest(request);
        return formatRange(toRangeResponse(machine.range(request)));
      });
    case "read-txn":
      return orError(() => {
        const request = decodeTxnRequest(encodeTxnRequest(parseTxn(command.input)));
        return formatTxn(toTxnResponse(machine.readTxn(request)));
      });
    case "leases":
      return [...machine.leases.records()]
        .sort((left, right) => (left.id < right.id ? -1 : 1))
        .map(({ id, ttlSeconds, remainingTtlSeconds }) => {
          const keys = machine.leases.keysOf(id).join(" ");
          return `${id} ttl=${ttlSeconds} remaining=${remainingTtlSeconds} keys=[${keys}]`;
        })
        .join("\n");
    case "members": {
      const lines = machine.members.members.map((member) => {
        const { id, name, peerUrls, clientUrls, isLearner } = member;
        const urls = `peer=[${peerUrls.join()}] client=[${clientUrls.join()}]`;
        return `${id} name="${name}" ${urls}${isLearner ? " learner" : ""}`;
      });
      return [...lines, `removed=[${machine.members.removedIds.join(" ")}]`].join("\n");
    }
    case "status": {
      const { appliedIndex, appliedTerm, clusterVersion } = machine;
      return `index=${appliedIndex} term=${appliedTerm} cluster-version=${clusterVersion}`;
    }
    default:
      throw new Error(`unknown command ${command.name}`);
  }
}

function orError(read: () => string): string {
  try {
    return read();
  } catch (error) {
    if (error instanceof StateMachineError || error instanceof MvccError) {
      return `error: ${error.code}`;
    }
    throw error;
  }
}
