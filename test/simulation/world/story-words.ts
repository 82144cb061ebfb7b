/** Words for what members and clients say to each other, as short as can be. */
import { services, type Method } from "@quorate/api";
import { decodeConfigurationEntry, type Entry, type Message } from "@quorate/raft";
import { FrameKind } from "@quorate/server/member";
import { decodeBatch, decodeRequest, PutCommand } from "@quorate/state-machine";
import { messagesOf } from "../checkers/raft-frames.ts";

/** What a frame says; undefined for what only keeps a leadership alive. */
export function wordsOfFrame(kind: number, payload: Uint8Array): string | undefined {
  if (kind !== FrameKind.raft) return `${frameNames.get(kind) ?? "frame"}, ${payload.length} bytes`;
  const words = messagesOf(kind, payload).map(wordsOfMessage);
  const told = words.filter((word) => word !== undefined);
  return told.length === 0 ? undefined : told.join("; ");
}

const frameNames: ReadonlyMap<number, string> = new Map(
  Object.entries(FrameKind).map(([name, kind]) => [kind, name]),
);

function wordsOfMessage(message: Message): string | undefined {
  const { term } = message;
  switch (message.kind) {
    case "append":
      return (
        `append behind ${message.previousIndex} of term ${message.previousTerm}: ` +
        `${wordsOfEntries(message.entries)}, committed ${message.commit}, term ${term}`
      );
    case "append-response":
      return message.isRejected
        ? `rejects append behind ${message.index}, term ${term}`
        : `holds the log to ${message.index}, term ${term}`;
    case "commit":
      return `committed ${message.commit}, term ${term}`;
    case "vote": {
      const { isPreVote, lastIndex, lastTerm } = message;
      const asks = isPreVote ? "asks whether it would get a vote" : "asks for a vote";
      return `${asks}, term ${term}, log to ${lastIndex} of term ${lastTerm}`;
    }
    case "vote-response": {
      const { isPreVote, isRejected } = message;
      const answer = isRejected ? "no vote" : isPreVote ? "would vote" : "votes";
      return `${answer}, term ${term}`;
    }
    case "snapshot":
      return `snapshot to ${message.snapshot.index}, term ${term}`;
    case "timeout-now":
      return `is to lead, term ${term}`;
    case "read-index":
      return `asks for a read index (${message.requestId})`;
    case "read-index-response":
      return `read index ${message.index} (${message.requestId})`;
    case "heartbeat":
      return message.readRound === 0 ? undefined : `heartbeat, read round ${message.readRound}`;
    case "heartbeat-response":
      return message.readRound === 0 ? undefined : `heard read round ${message.readRound}`;
  }
}

/** Which entries, and what is in them when they are few. */
export function wordsOfEntries(entries: readonly Entry[]): string {
  const [first] = entries;
  const last = entries.at(-1);
  if (first === undefined || last === undefined) return "no entries";
  if (first === last) return `entry ${first.index} of term ${first.term}`;
  return `entries ${first.index} to ${last.index} of term ${last.term}`;
}

/** What an entry does when it is applied. */
export function wordsOfEntry({ kind, data }: Entry): string {
  if (data.length === 0) return "the first of its term";
  if (kind === "configuration") return wordsOfConfiguration(data);
  const requests = decodeBatch(data).map((request) => {
    const decoded = decodeRequest(request.kind, request.bytes);
    const { message } = decoded;
    if (!(message instanceof PutCommand)) return `${decoded.kind} ${wordsOf(message)}`;
    return `put ${wordsOf(services.kv.put.decodeRequest(message.bytes))}`;
  });
  return shortened(requests.join("; "));
}

function wordsOfConfiguration(data: Uint8Array): string {
  const { configuration } = decodeConfigurationEntry(data);
  return `configuration ${wordsOf(configuration)}`;
}

type AnyMethod = Method<"unary" | "server-stream" | "bidi-stream", unknown, never, unknown, never>;

const methods: ReadonlyMap<string, AnyMethod> = new Map(
  Object.values(services).flatMap((service) =>
    Object.values(service).map((method: AnyMethod) => [method.path, method] as const),
  ),
);

/** A call: its method and what it asks for. */
export function wordsOfRequest(path: string, bytes: Uint8Array): string {
  const words = wordsOf(methods.get(path)?.decodeRequest(bytes));
  return shortened(`${nameOf(path)} ${words}`.trim());
}

/** What was answered to a call. */
export function wordsOfResponse(path: string, bytes: Uint8Array): string {
  const words = wordsOf(methods.get(path)?.decodeResponse(bytes));
  return shortened(`${nameOf(path)} ${words}`.trim());
}

/** The name of a method. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Longest list, longest text and longest message that are told in full. */
const itemsMax = 6;
const textMax = 40;
const messageMax = 160;

function shortened(words: string): string {
  return words.length > messageMax ? `${words.slice(0, messageMax)}…` : words;
}

/** The fields of a message that say something. */
function wordsOf(value: unknown): string {
  if (value instanceof Uint8Array) return textOf(Buffer.from(value).toString("latin1"));
  if (Array.isArray(value)) return listOf(value);
  if (typeof value !== "object" || value === null) return textOf(String(value));
  if ("case" in value && "value" in value) {
    return `${operationOf(String(value.case))} ${wordsOf(value.value)}`;
  }
  if ("targetUnion" in value) return wordsOfCompare(value);
  if ("modRevision" in value && "version" in value) return wordsOfPair(value);
  if ("kv" in value)
    return `${"type" in value && value.type === 1 ? "gone" : "set"} ${wordsOf(value.kv)}`;
  return Object.entries(value)
    .filter(([name, field]) => !isEmpty(field) && name !== "prevKv")
    .map(([name, field]) => wordsOfField(name, field))
    .join(" ");
}

/** `requestPut` as `put`. */
function operationOf(name: string): string {
  const bare = name.replace(/^(request|response)|Request$/g, "");
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}

const unions = ["requestUnion", "request", "response"];

function wordsOfField(name: string, field: unknown): string {
  if (name === "header") return `at revision ${wordsOf(Reflect.get(Object(field), "revision"))}`;
  if (unions.includes(name)) return wordsOf(field);
  const isMessage = typeof field === "object" && !(field instanceof Uint8Array);
  return isMessage ? `${name} {${wordsOf(field)}}` : `${name}=${wordsOf(field)}`;
}

/** As `if modRevision of a = 7`. */
function wordsOfCompare(compare: object): string {
  const key = wordsOf(Reflect.get(compare, "key"));
  const union: unknown = Reflect.get(compare, "targetUnion");
  const operator = ["=", ">", "<", "!="][Number(Reflect.get(compare, "result"))] ?? "?";
  const { case: target, value } = Object(union) as {
    readonly case?: unknown;
    readonly value?: unknown;
  };
  return `${String(target)} of ${key} ${operator} ${wordsOf(value)}`;
}

/** As `a=1 @7`: a key, its value and the revision that gave it. */
function wordsOfPair(pair: object): string {
  const [key, value, revision, lease] = ["key", "value", "modRevision", "lease"].map((name) =>
    wordsOf(Reflect.get(pair, name)),
  );
  const assigned = value === "" ? "" : `=${value}`;
  return `${key}${assigned} @${revision}${lease === "0" ? "" : ` lease ${lease}`}`;
}

function listOf(values: readonly unknown[]): string {
  const told = values.slice(0, itemsMax).map((value) => wordsOf(value));
  const rest = values.length - told.length;
  return told.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function isEmpty(field: unknown): boolean {
  if (field === undefined || field === null || field === false) return true;
  if (field === 0 || field === 0n || field === "") return true;
  if (field instanceof Uint8Array || Array.isArray(field)) return field.length === 0;
  return false;
}

function textOf(text: string): string {
  const shown = text.replaceAll(/[^ -~]/g, (byte) => `\\x${hexOf(byte)}`);
  return shown.length > textMax ? `${shown.slice(0, textMax)}…` : shown;
}

function hexOf(byte: string): string {
  return byte.charCodeAt(0).toString(16).padStart(2, "0");
}
