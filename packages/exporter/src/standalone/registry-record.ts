/**
 * How the registry stores a running copy of a service.
 *
 *   /quorate/registry/web/host-1:8080 -> {"address":"10.0.0.1:8080","metadata":{},"tags":["blue"]}
 *
 * The form is that of the `recipes` package, which writes the rows; it cannot be imported here.
 */
export interface RegistryRecord {
  readonly service: string;
  readonly instance: string;
  /** Mostly `host:port`, but any text. */
  readonly address: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

const servicePattern = /^[A-Za-z0-9._-]{1,128}$/;
const instancePattern = /^[A-Za-z0-9._:-]{1,256}$/;
const addressLengthMax = 1_024;
const rowLengthMax = 256 * 1_024;

/**
 * Reads a row.
 *
 * @param name - The key without the registry's prefix.
 * @returns Undefined for a row that is no instance, whatever is wrong with it.
 */
export function parseRegistryRecord(name: string, text: string): RegistryRecord | undefined {
  const slash = name.indexOf("/");
  const service = name.slice(0, Math.max(slash, 0));
  const instance = name.slice(slash + 1);
  if (!servicePattern.test(service) || service === "." || service === "..") return undefined;
  if (!instancePattern.test(instance) || text.length > rowLengthMax) return undefined;
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof row !== "object" || row === null) return undefined;
  const fields: { address?: unknown; metadata?: unknown; tags?: unknown } = row;
  const { address, metadata = {}, tags = [] } = fields;
  if (typeof address !== "string" || address === "" || address.length > addressLengthMax) {
    return undefined;
  }
  if (!isTextList(tags) || !isTextMap(metadata)) return undefined;
  return { service, instance, address, tags, metadata };
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

function isTextMap(value: unknown): value is Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((each) => typeof each === "string");
}
