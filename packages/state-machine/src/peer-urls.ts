import { MemberChangeError } from "./errors.ts";

/**
 * Trims, checks and sorts the URLs of a member.
 *
 * Accepted are `http` and `https` with host and port and without a path, `unix` and `unixs`.
 *
 * @throws {@link MemberChangeError} `invalid-member-urls` for an empty list or any other URL.
 * @remarks As etcd `client/pkg/types/urls.go` `NewURLs`.
 */
export function normalizePeerUrls(urls: readonly string[]): readonly string[] {
  if (urls.length === 0) throw invalid("the list is empty");
  return urls.map(normalizeUrl).sort();
}

const urlPattern = /^(?<scheme>[a-z]+):\/\/(?:[^/?#@]*@)?(?<host>[^/?#@]*)(?<path>[^?#]*)/i;
const hostPortPattern = /^(?:\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/;

function normalizeUrl(given: string): string {
  const url = given.trim();
  const parts = urlPattern.exec(url)?.groups;
  const scheme = parts?.["scheme"]?.toLowerCase();
  if (parts === undefined || scheme === undefined || /[\u0000-\u0020\u007f]/.test(url)) {
    throw invalid(`"${given}" is not a URL`);
  }
  if (scheme === "http" || scheme === "https") {
    if (!hostPortPattern.test(parts["host"] ?? "")) throw invalid(`"${given}" lacks host:port`);
    if (parts["path"] !== "") throw invalid(`"${given}" has a path`);
  } else if (scheme !== "unix" && scheme !== "unixs") {
    throw invalid(`"${given}" has the scheme "${scheme}"`);
  }
  return scheme + url.slice(scheme.length);
}

function invalid(reason: string): MemberChangeError {
  return new MemberChangeError("invalid-member-urls", `Cannot use peer URLs: ${reason}`);
}
