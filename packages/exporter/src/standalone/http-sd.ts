import type { Instance } from "@quorate/client";

/** One entry of Prometheus's `http_sd` answer. */
export interface TargetGroup {
  readonly targets: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** Which instances are asked for. */
export interface TargetQuery {
  /** Empty means all. */
  readonly services: readonly string[];
  /** An instance must have all of them. */
  readonly tags: readonly string[];
}

/** A query, or what is wrong with it. */
export type ParsedQuery =
  | { readonly kind: "query"; readonly query: TargetQuery }
  | { readonly kind: "invalid"; readonly problem: string };

const parameterNames = new Set(["service", "tag"]);

/**
 * Reads the parameters of `/sd`; an unknown one is an error, for a misspelt filter filters nothing.
 */
export function parseTargetQuery(parameters: URLSearchParams): ParsedQuery {
  for (const name of parameters.keys()) {
    if (parameterNames.has(name)) continue;
    const problem = `parameter "${name}" is not known, expected service or tag`;
    return { kind: "invalid", problem };
  }
  return {
    kind: "query",
    query: {
      services: parameters.getAll("service"),
      tags: parameters.getAll("tag"),
    },
  };
}

/**
 * Turns registered instances into target groups, one each, in the order of service and instance.
 *
 * An address with a path or spaces, such as that of a unix socket, is left out: Prometheus refuses
 * it. Labels: `__meta_quorate_service`, `_instance`, `_tags` (`,a,b,`, so that `.*,a,.*`
 * matches whole tags) and `__meta_quorate_metadata_<name>`.
 */
export function targetGroups(
  records: Iterable<Instance>,
  query: TargetQuery,
): readonly TargetGroup[] {
  const wanted = [...records].filter((record) => matches(record, query));
  wanted.sort((one, other) => compare(one.service, other.service) || compare(one.id, other.id));
  return wanted.map((record) => ({
    targets: [record.address],
    labels: {
      __meta_quorate_service: record.service,
      __meta_quorate_instance: record.id,
      __meta_quorate_tags: record.tags.length === 0 ? "" : `,${record.tags.join(",")},`,
      ...metadataLabels(record.metadata),
    },
  }));
}

function matches(record: Instance, query: TargetQuery): boolean {
  if (query.services.length > 0 && !query.services.includes(record.service)) return false;
  if (!/^[^\s/]+$/.test(record.address)) return false;
  return query.tags.every((tag) => record.tags.includes(tag));
}

function metadataLabels(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const labels = Object.entries(metadata).map(
    ([name, value]) =>
      [`__meta_quorate_metadata_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}`, value] as const,
  );
  return Object.fromEntries(labels);
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
