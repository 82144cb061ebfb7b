const unitMillis: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Reads a duration as Go writes them: `100ms`, `5m`, `1h30m`, `1.5s`, `0`.
 *
 * @returns Milliseconds; undefined when the text is not a duration.
 */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  const match = /^([+-]?)((?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(text);
  const parts = match?.[2]?.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g);
  if (parts === undefined) return undefined;
  let millis = 0;
  for (const [, amount, unit] of parts) millis += Number(amount) * (unitMillis[unit ?? ""] ?? NaN);
  return match?.[1] === "-" ? -millis : millis;
}
