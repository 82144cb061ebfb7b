/**
 * Reads `--initial-cluster`: `name=url` pairs; a name may stand several times with different URLs.
 *
 * @returns URLs by name, or a sentence that says what is wrong.
 */
export function parseInitialCluster(text: string): ReadonlyMap<string, readonly string[]> | string {
  const urlsByName = new Map<string, string[]>();
  for (const part of text.split(",")) {
    const separator = part.indexOf("=");
    const name = part.slice(0, separator).trim();
    const url = part.slice(separator + 1).trim();
    if (separator < 1 || name === "") {
      return `--initial-cluster has "${part}": expected name=url`;
    }
    const urls = urlsByName.get(name) ?? [];
    urls.push(url);
    urlsByName.set(name, urls);
  }
  return urlsByName;
}
