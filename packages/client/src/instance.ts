/**
 * One running copy of a service as the registry stores it.
 *
 * Row `<root><service>/<instance id>` holds JSON:
 *
 *   /quorate/registry/web/host-1:8080
 *     {"address":"10.0.0.1:8080","metadata":{"zone":"a"},"tags":["blue"]}
 *
 * Recipes write such rows, the exporter reads them. Anybody may write there, so rows are parsed
 * strictly and a row that is not an instance is told about, never thrown.
 */
/** What a service copy says about itself. */
export interface Instance {
  /** Name of the service: letters, digits, `.`, `_`, `-`; up to 128. */
  readonly service: string;
  /** Which copy of the service: letters, digits, `.`, `_`, `-`, `:`; up to 256. */
  readonly id: string;
  /** Where it is reached, such as `host:port`; up to 1,024 characters. */
  readonly address: string;
  /** Free text by key; an object without prototype when it comes from the registry. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Labels to select by. */
  readonly tags: readonly string[];
}

const servicePattern = /^[A-Za-z0-9._-]{1,128}$/;
const idPattern = /^[A-Za-z0-9._:-]{1,256}$/;
const addressMaxLength = 1_024;
/** Bounds a row well below the store's request limit. */
const rowMaxLength = 256 * 1_024;

/** Whether a text can name a service. */
export function isServiceName(name: string): boolean {
  return servicePattern.test(name) && name !== "." && name !== "..";
}

/**
 * What keeps an instance from being a row; empty when nothing does.
 *
 * @returns One text for each field, such as `id: expected letters, digits, . _ - :`.
 */
export function instanceProblems(instance: Instance): readonly string[] {
  const problems: string[] = [];
  if (!isServiceName(instance.service)) problems.push("service: expected letters, digits, . _ -");
  if (!idPattern.test(instance.id)) problems.push("id: expected letters, digits, . _ - :");
  problems.push(...bodyProblems(instance));
  if (problems.length === 0 && formatInstance(instance).length > rowMaxLength) {
    problems.push(`instance: expected at most ${rowMaxLength} characters of JSON`);
  }
  return problems;
}

/** The row's value. */
export function formatInstance(instance: Instance): string {
  const { address, metadata, tags } = instance;
  return JSON.stringify({ address, metadata, tags });
}

/**
 * Reads a row.
 *
 * @param name - The key without the registry's root.
 * @returns The instance, or why the row is none.
 */
export function parseInstance(
  name: string,
  text: string,
): { readonly instance: Instance } | { readonly problem: string } {
  const slash = name.indexOf("/");
  const service = name.slice(0, Math.max(slash, 0));
  const id = name.slice(slash + 1);
  if (!isServiceName(service) || !idPattern.test(id)) {
    return { problem: "the key is not <service>/<instance id>" };
  }
  if (text.length > rowMaxLength) return { problem: "the value is too long" };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return { problem: "the value is not JSON" };
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { problem: "the value is not a JSON object" };
  }
  const fields: { address?: unknown; metadata?: unknown; tags?: unknown } = body;
  const candidate = {
    address: fields.address,
    metadata: fields.metadata ?? {},
    tags: fields.tags ?? [],
  };
  const problems = bodyProblems(candidate);
  if (problems.length > 0) return { problem: problems.join("; ") };
  return {
    instance: {
      service,
      id,
      address: String(candidate.address),
      metadata: copyMetadata(candidate.metadata),
      tags: Array.isArray(candidate.tags) ? candidate.tags.map(String) : [],
    },
  };
}

/** Whether two instances say the same. */
export function isSameInstance(left: Instance, right: Instance): boolean {
  return (
    left.service === right.service &&
    left.id === right.id &&
    formatInstance(left) === formatInstance(right)
  );
}

function bodyProblems(body: {
  readonly address: unknown;
  readonly metadata: unknown;
  readonly tags: unknown;
}): string[] {
  const { address, metadata, tags } = body;
  const problems: string[] = [];
  if (typeof address !== "string" || address === "" || address.length > addressMaxLength) {
    problems.push(`address: expected a text of up to ${addressMaxLength} characters`);
  }
  const isTextMap =
    typeof metadata === "object" &&
    metadata !== null &&
    !Array.isArray(metadata) &&
    Object.values(metadata).every((value) => typeof value === "string");
  if (!isTextMap) problems.push("metadata: expected an object of texts");
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === "string")) {
    problems.push("tags: expected a list of texts");
  }
  return problems;
}

/** Without a prototype, so that a row's `__proto__` or `constructor` is a key like any other. */
function copyMetadata(metadata: unknown): Readonly<Record<string, string>> {
  const copy: Record<string, string> = Object.create(null);
  if (typeof metadata !== "object" || metadata === null) return copy;
  for (const [key, value] of Object.entries(metadata)) copy[key] = String(value);
  return copy;
}
