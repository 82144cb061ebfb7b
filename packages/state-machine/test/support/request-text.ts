// Requests and answers as text, for the files in testdata. A transaction reads
//
//   txn
//     if version a = 1
//     then
//       put a 2
//       txn
//         then
//           put b 1
//     else
//       delete a z
//
// Keys and values are latin1; `\0` stands for the zero byte and `""` for the empty string.
import type {
  CompareInit,
  DeleteRangeRequestInit,
  KeyValueInit,
  PutRequestInit,
  RangeRequestInit,
  RangeResponseInit,
  RequestOpInit,
  ResponseOpInit,
  TxnRequestInit,
  TxnResponseInit,
} from "@quorate/api";

/** Positional and named arguments of one line. */
export interface Arguments {
  readonly positional: readonly string[];
  readonly args: ReadonlyMap<string, string>;
}

function toBytes(text: string | undefined): Uint8Array {
  const plain = text === undefined || text === '""' ? "" : text;
  return Buffer.from(
    plain.replaceAll(/\\x([0-9a-f]{2})|\\0/g, (_match, hex: string | undefined) =>
      String.fromCharCode(hex === undefined ? 0 : Number.parseInt(hex, 16)),
    ),
    "latin1",
  );
}

function toText(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString("latin1")
    .replaceAll("\0", "\\0");
}

export function parsePut({ positional, args }: Arguments): PutRequestInit {
  return {
    key: toBytes(positional[0]),
    value: toBytes(positional[1]),
    lease: BigInt(args.get("lease") ?? 0),
    prevKv: positional.includes("prev"),
    ignoreValue: positional.includes("ignore-value"),
    ignoreLease: positional.includes("ignore-lease"),
  };
}

export function parseDelete({ positional }: Arguments): DeleteRangeRequestInit {
  const plain = positional.filter((word) => word !== "prev");
  return {
    key: toBytes(plain[0]),
    rangeEnd: toBytes(plain[1]),
    prevKv: plain.length < positional.length,
  };
}

export function parseRange({ positional, args }: Arguments): RangeRequestInit {
  const plain = positional.filter((word) => !["count", "keys", "serializable"].includes(word));
  const numberOf = (name: string): number => Number(args.get(name) ?? 0);
  return {
    key: toBytes(plain[0]),
    rangeEnd: toBytes(plain[1]),
    revision: numberOf("rev"),
    limit: numberOf("limit"),
    sortOrder: numberOf("order"),
    sortTarget: numberOf("target"),
    minModRevision: numberOf("min-mod"),
    countOnly: positional.includes("count"),
    keysOnly: positional.includes("keys"),
    serializable: positional.includes("serializable"),
  };
}

/** Parses the body of a transaction: lines indented below `txn`. */
export function parseTxn(input: string): TxnRequestInit {
  const lines = input.split("\n").filter((line) => line.trim() !== "");
  return parseLevel(lines);
}

function parseLevel(lines: readonly string[]): TxnRequestInit {
  const compare: CompareInit[] = [];
  const branches: { success: RequestOpInit[]; failure: RequestOpInit[] } = {
    success: [],
    failure: [],
  };
  for (const [head, body] of blocksOf(lines)) {
    const word = head.trim().split(" ")[0];
    if (word === "if") compare.push(parseCompare(head.trim()));
    else if (word === "then") branches.success = parseOperations(body);
    else if (word === "else") branches.failure = parseOperations(body);
    else throw new Error(`unknown part of a txn: ${head}`);
  }
  return { compare, ...branches };
}

function parseOperations(lines: readonly string[]): RequestOpInit[] {
  return blocksOf(lines).map(([head, body]) => {
    const [name, ...words] = head.trim().split(" ");
    const parsed = parseWords(words);
    switch (name) {
      case "put":
        return { request: { case: "requestPut", value: parsePut(parsed) } };
      case "delete":
        return { request: { case: "requestDeleteRange", value: parseDelete(parsed) } };
      case "range":
        return { request: { case: "requestRange", value: parseRange(parsed) } };
      case "txn":
        return { request: { case: "requestTxn", value: parseLevel(body) } };
      case "empty":
        return {};
      default:
        throw new Error(`unknown operation: ${head}`);
    }
  });
}

function parseWords(words: readonly string[]): Arguments {
  const args = new Map<string, string>();
  const positional: string[] = [];
  for (const word of words) {
    const split = /^([a-z][a-z-]+)=(.+)$/.exec(word);
    if (split === null) positional.push(word);
    else args.set(split[1] ?? "", split[2] ?? "");
  }
  return { positional, args };
}

const results = ["=", ">", "<", "!="];
const targets = ["version", "create", "mod", "value", "lease"];

/** `if version a..c = 1`; an operand `value:x` puts another field than the target in the union. */
function parseCompare(line: string): CompareInit {
  const [, target = "", keys = "", result = "", operand = ""] = line.split(" ");
  const [key, rangeEnd] = keys.split("..");
  const [field, value] = operand.includes(":") ? operand.split(":") : [target, operand];
  return {
    key: toBytes(key),
    rangeEnd: toBytes(rangeEnd),
    target: targets.includes(target) ? targets.indexOf(target) : Number(target),
    result: results.includes(result) ? results.indexOf(result) : Number(result),
    targetUnion: operand === "" ? undefined : unionOf(field ?? "", value ?? ""),
  };
}

function unionOf(field: string, value: string): CompareInit["targetUnion"] {
  switch (field) {
    case "version":
      return { case: "version", value: Number(value) };
    case "create":
      return { case: "createRevision", value: Number(value) };
    case "mod":
      return { case: "modRevision", value: Number(value) };
    case "value":
      return { case: "value", value: toBytes(value) };
    default:
      return { case: "lease", value: BigInt(value) };
  }
}

/** Splits lines into heads at the smallest indentation, each with the lines below it. */
function blocksOf(lines: readonly string[]): [head: string, body: string[]][] {
  const indentation = Math.min(...lines.map((line) => line.search(/\S/)));
  const blocks: [string, string[]][] = [];
  for (const line of lines) {
    if (line.search(/\S/) === indentation) blocks.push([line, []]);
    else blocks.at(-1)?.[1].push(line);
  }
  return blocks;
}

function formatKeyValue(pair: KeyValueInit): string {
  const { key, value, createRevision, modRevision, version, lease } = pair;
  const attached = lease === undefined || lease === 0n ? "" : ` lease=${lease}`;
  const revisions = `create=${createRevision ?? 0} mod=${modRevision ?? 0}`;
  return `${toText(key)}=${toText(value)} ${revisions} version=${version ?? 0}${attached}`;
}

export function formatRange(response: RangeResponseInit): string {
  const more = response.more === true ? " more" : "";
  const head = `range revision=${response.header?.revision} count=${response.count}${more}`;
  return [head, ...(response.kvs ?? []).map((pair) => `  ${formatKeyValue(pair)}`)].join("\n");
}

export function formatTxn(response: TxnResponseInit): string {
  const revision = response.header?.revision ?? "none";
  const head = `txn revision=${revision} succeeded=${response.succeeded}`;
  const parts = (response.responses ?? []).map((part) => indent(formatOperation(part)));
  return [head, ...parts].join("\n");
}

export function formatOperation({ response }: ResponseOpInit): string {
  switch (response?.case) {
    case "responseRange":
      return formatRange(response.value);
    case "responsePut": {
      const { header, prevKv } = response.value;
      const previous = prevKv === undefined ? "" : ` prev: ${formatKeyValue(prevKv)}`;
      return `put revision=${header?.revision}${previous}`;
    }
    case "responseDeleteRange": {
      const { header, deleted, prevKvs } = response.value;
      const head = `delete revision=${header?.revision} deleted=${deleted}`;
      return [head, ...(prevKvs ?? []).map((pair) => `  ${formatKeyValue(pair)}`)].join("\n");
    }
    case "responseTxn":
      return formatTxn(response.value);
    case undefined:
      throw new Error("an answer without content");
  }
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
