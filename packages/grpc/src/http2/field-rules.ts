import type { HeaderField } from "../hpack/header-field.ts";

/** Tokens of RFC 9110, 5.6.2, in lower case as RFC 9113, 8.2.1 wants them. */
const namePattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** What RFC 9113, 8.2.1 forbids in values: NUL, CR, LF, and white space at either end. */
const badValuePattern = /[\0\r\n]|^[ \t]|[ \t]$/;

/** Whether a value is one that RFC 9113, 8.2.1 allows. */
export function isFieldValue(value: string): boolean {
  return !badValuePattern.test(value);
}

/**
 * Whether a field that is no pseudo-header may be in a request: its name by RFC 9113, 8.2.1, and no
 * field of a connection (8.2.2).
 */
export function isRequestField({ name, value }: HeaderField): boolean {
  switch (name) {
    case "te":
      return value === "trailers";
    case "connection":
    case "keep-alive":
    case "proxy-connection":
    case "transfer-encoding":
    case "upgrade":
      return false;
    default:
      return namePattern.test(name);
  }
}

/** Whether fields may be the trailers of a request: no pseudo-header, none that is malformed. */
export function areTrailers(fields: readonly HeaderField[]): boolean {
  return fields.every((field) => isRequestField(field) && isFieldValue(field.value));
}
