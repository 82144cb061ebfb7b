const digitsMax = 8;
const [zero, nine] = [0x30, 0x39];

/**
 * Parses the value of a `grpc-timeout` header: up to 8 digits and a unit, one of `HMSmun`.
 *
 * Hot: clients of grpc-go with a deadline send one with each call.
 *
 * @returns Milliseconds, possibly a fraction, up to 3.6e14; undefined for a malformed value.
 */
export function parseGrpcTimeout(text: string): number | undefined {
  const digits = text.length - 1;
  if (digits < 1 || digits > digitsMax) return undefined;
  let value = 0;
  for (let index = 0; index < digits; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < zero || unit > nine) return undefined;
    value = value * 10 + unit - zero;
  }
  switch (text[digits]) {
    case "n":
      return value / 1e6;
    case "u":
      return value / 1e3;
    case "m":
      return value;
    case "S":
      return value * 1e3;
    case "M":
      return value * 60e3;
    case "H":
      return value * 3_600e3;
    default:
      return undefined;
  }
}
