/**
 * How a registered instance is stored, so that everything that reads the registry agrees.
 *
 * Key: `<prefix><service>/<instance>`, both names `[A-Za-z0-9._-]{1,253}`; the key is attached to the
 * instance's lease. Value: JSON of {@link RegistryRecord}'s fields without service and instance;
 * unknown fields are kept out and do no harm, missing ones have the defaults named below.
 */
export interface RegistryRecord {
  readonly service: string;
  readonly instance: string;
  /** Host name or IP address, without port and brackets. */
  readonly host: string;
  /** In `[1, 65535]`. */
  readonly port: number;
  /** @default [] */
  readonly tags: readonly string[];
  /** @default {} */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether it is to receive traffic; false in maintenance. @default true */
  readonly isPassing: boolean;
}

/** Where the registry lies unless configured otherwise. */
export const defaultRegistryPrefix: string = "registry/";

const namePattern = /^[A-Za-z0-9._-]{1,253}$/;

/** The key of an instance. */
export function registryKey(prefix: string, service: string, instance: string): string {
  return `${prefix}${service}/${instance}`;
}

/**
 * Reads one row.
 *
 * @returns Undefined for a row that is no registered instance, whatever is wrong with it.
 */
export function parseRegistryRecord(
  prefix: string,
  key: string,
  value: string,
): RegistryRecord | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const [service = "", instance = "", ...rest] = key.slice(prefix.length).split("/");
  if (!namePattern.test(service) || !namePattern.test(instance) || rest.length > 0)
    return undefined;
  let row: unknown;
  try {
    row = JSON.parse(value);
  } catch {
    return undefined;
  }
  if (typeof row !== "object" || row === null) return undefined;
  const host: unknown = Reflect.get(row, "host");
  const port: unknown = Reflect.get(row, "port");
  if (typeof host !== "string" || !/^[^\s/[\]]{1,253}$/.test(host)) return undefined;
  if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535) {
    return undefined;
  }
  return {
    service,
    instance,
    host,
    port,
    tags: textList(Reflect.get(row, "tags")),
    metadata: textMap(Reflect.get(row, "metadata")),
    isPassing: Reflect.get(row, "isPassing") !== false,
  };
}

function textList(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.filter((each: unknown) => typeof each === "string");
}

function textMap(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  const entries = Object.entries(value).flatMap(([name, each]: [string, unknown]) =>
    typeof each === "string" ? [[name, each] as const] : [],
  );
  return Object.fromEntries(entries);
}
