/** `range_end` → `rangeEnd`, `peerURLs` → `peerUrls`, `ID` → `id`. */
export function toFieldName(protoName: string): string {
  const words = protoName.split("_").flatMap(splitWord);
  return words
    .map((word, index) => (index === 0 ? word.toLowerCase() : capitalize(word.toLowerCase())))
    .join("");
}

/** `RangeRequest.SortOrder` → `RangeRequestSortOrder`, `request_union` → `RequestUnion`. */
export function toTypeName(protoName: string): string {
  return protoName
    .split(/[._]/)
    .map((part) => capitalize(part))
    .join("");
}

/** `HashKV` → `hashKv`: the name of a service or a method as a property. */
export function toPropertyName(protoName: string): string {
  return toFieldName(protoName);
}

/** `grpc.health.v1` → `grpc-health-v1`: the name of the file of a package. */
export function toFileStem(packageName: string): string {
  return packageName.replaceAll(".", "-");
}

/** Splits at the start of a capitalised word; a run of capitals is one word, with a plural s. */
function splitWord(word: string): string[] {
  return word.match(/[A-Z]{2,}s?(?![a-z])|[A-Z]?[a-z0-9]+|[A-Z]+(?=[A-Z][a-z])|[A-Z]/g) ?? [word];
}

function capitalize(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
