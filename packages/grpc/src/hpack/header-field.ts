/** What RFC 7541, 4.1 adds to the length of name and value, for a field in a table or a list. */
export const fieldOverheadBytes = 32;

/**
 * One header field; both strings hold one byte in each character (latin1). Never changes, so tables
 * and lists share it.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
  }
}

/**
 * The fields of one header block in the order they came. A block that repeats gives the same object
 * again, so what was found out about a list may be kept by its identity.
 */
export class HeaderList {
  readonly fields: readonly HeaderField[];
  /** A limit was passed: `fields` holds only those before it. */
  readonly isTooLarge: boolean;

  constructor(fields: readonly HeaderField[], isTooLarge: boolean) {
    this.fields = fields;
    this.isTooLarge = isTooLarge;
  }
}

/** Size of a field as tables (RFC 7541, 4.1) and header lists (RFC 9113, 6.5.2) count it. */
export function fieldBytes(field: HeaderField): number {
  return field.name.length + field.value.length + fieldOverheadBytes;
}
