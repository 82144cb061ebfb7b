import { HeaderField } from "./header-field.ts";

/** Entries of the static table; the dynamic table's first index is one more. */
export const staticCount = 61;

/** The static table of RFC 7541, appendix A. Index 1 is the first entry, index 0 is empty. */
export const staticTable: readonly HeaderField[] = [
  ["", ""],
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
].map(([name = "", value = ""]) => new HeaderField(name, value));

const indexByName = new Map<string, number>();
const indexByField = new Map<string, number>();
for (let index = staticCount; index > 0; index -= 1) {
  const field = staticTable[index];
  if (field === undefined) continue;
  indexByName.set(field.name, index);
  indexByField.set(`${field.name}\n${field.value}`, index);
}

/** First static entry of a name; 0 if there is none. */
export function staticIndexOfName(name: string): number {
  return indexByName.get(name) ?? 0;
}

/** The static entry that is exactly this field; 0 if there is none. */
export function staticIndexOfField(field: HeaderField): number {
  return indexByField.get(`${field.name}\n${field.value}`) ?? 0;
}
