import { HeaderField } from "./hpack/header-field.ts";
import type { Refusal } from "./request-head.ts";
import { StatusCode } from "./status-code.ts";

const httpOk = new HeaderField(":status", "200");
const contentType = new HeaderField("content-type", "application/grpc");

/** The head of every answer that has a body; frozen, so that it is encoded once. */
export const answerHead: readonly HeaderField[] = Object.freeze([httpOk, contentType]);
/** The trailers of a call that went well; frozen like {@link answerHead}. */
const okTrailers: readonly HeaderField[] = Object.freeze([new HeaderField("grpc-status", "0")]);
/** What an answer without body has before its trailers. */
const okHead: readonly HeaderField[] = Object.freeze([...answerHead, ...okTrailers]);

/** Longest `grpc-message` that is sent, encoded. */
const messageCharactersMax = 65_536;

const needsEscape = /[^ -$&-~]/;

/** The trailers of a call. */
export function trailersOf(code: StatusCode, message: string): readonly HeaderField[] {
  if (code === StatusCode.OK) return okTrailers;
  const fields = [new HeaderField("grpc-status", String(code))];
  if (message !== "") fields.push(new HeaderField("grpc-message", headerMessage(message)));
  return fields;
}

/** Head and trailers in one, for a call that is answered without any message. */
export function trailersOnly(code: StatusCode, message: string): readonly HeaderField[] {
  return code === StatusCode.OK ? okHead : [...answerHead, ...trailersOf(code, message)];
}

/** The head of an answer to a request that is no call. */
export function refusalFields(refusal: Refusal): readonly HeaderField[] {
  const { httpStatus, code, message, tellsEncodings } = refusal;
  const fields = [new HeaderField(":status", String(httpStatus)), contentType];
  fields.push(...trailersOf(code, message));
  if (tellsEncodings) fields.push(new HeaderField("grpc-accept-encoding", "identity,gzip"));
  return fields;
}

/**
 * The form of a status message in a header: UTF-8, with `%` and every byte outside of printable
 * ASCII as `%XX`. What is too long for a header is cut.
 */
function headerMessage(message: string): string {
  if (!needsEscape.test(message)) return message.slice(0, messageCharactersMax);
  let encoded = "";
  for (const byte of Buffer.from(message, "utf8")) {
    if (encoded.length + 3 > messageCharactersMax) break;
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    const hex = byte.toString(16).toUpperCase().padStart(2, "0");
    encoded += isPlain ? String.fromCharCode(byte) : `%${hex}`;
  }
  return encoded;
}
