/** Reads a page of metrics in Prometheus text form, as far as the demo needs. */

/** What a scrape holds. */
export interface Scrape {
  /** Value of a metric without labels. @throws Error when it is not there. */
  value(name: string): number;
  /** Upper bound of a quantile of a histogram, in milliseconds. */
  quantileMillis(name: string, quantile: number): string;
}

/** Fetches and parses a page. @throws Error when the answer is not 200. */
export async function readMetrics(url: string): Promise<Scrape> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Cannot scrape ${url}: status ${response.status}`);
  const samples = new Map<string, number>();
  for (const line of (await response.text()).split("\n")) {
    const match = /^([a-z_]+(?:\{[^}]*\})?) (\S+)$/.exec(line);
    if (match?.[1] !== undefined) samples.set(match[1], Number(match[2]));
  }
  return {
    value: (name) => {
      const value = samples.get(name);
      if (value === undefined) throw new Error(`Cannot find ${name} at ${url}`);
      return value;
    },
    quantileMillis: (name, quantile) => {
      const wanted = (samples.get(`${name}_count`) ?? 0) * quantile;
      for (const [sample, count] of samples) {
        const bound = new RegExp(`^${name}_bucket\\{le="([^"]+)"\\}$`).exec(sample)?.[1];
        if (bound !== undefined && count >= wanted) return String(Number(bound) * 1_000);
      }
      return "?";
    },
  };
}
