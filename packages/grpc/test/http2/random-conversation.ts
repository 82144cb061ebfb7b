import { encodeFields, type Field, requestFields } from "./field-block.ts";
import {
  continuation,
  data,
  encodeFrame,
  goAway,
  grpcMessage,
  headers,
  ping,
  priority,
  rstStream,
  settings,
  windowUpdate,
} from "./frames.ts";
import { paths } from "./test-server.ts";

/** Draws integers; the same seed gives the same ones. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer in `[0, bound)`. */
  below(bound: number): number {
    // Mulberry32.
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  /** True once in so many times. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0];
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}

/** A call of a {@link conversation}: its frames, in order. */
interface RandomCall {
  readonly stream: number;
  readonly frames: Buffer[];
}

const echoed = [paths.echo, paths.fail, paths.headers, paths.chat] as const;
const answered = [...echoed, paths.flood, "/no.Such/Call"] as const;
const anything = [...answered, paths.hold, paths.early, paths.sink] as const;

/** What a {@link conversation} may contain. */
export interface ConversationOptions {
  /** Only calls that are answered whatever happens, and nothing that changes their answers. */
  readonly isPure: boolean;
}

/** A valid conversation behind preface and SETTINGS: frames of several calls, interleaved. */
export function conversation(random: Random, options: ConversationOptions): readonly Buffer[] {
  const calls = Array.from({ length: 1 + random.below(6) }, (_, index) =>
    randomCall(random, 2 * index + 1, options),
  );
  const frames: Buffer[] = [];
  // Streams are opened in ascending order; otherwise any order goes.
  let opened = 0;
  for (;;) {
    const ready = calls.filter((each, index) => each.frames.length > 0 && index <= opened);
    const [first, ...others] = ready;
    if (first === undefined) break;
    const next = random.pick([first, ...others]);
    const isOpening = calls[opened] === next;
    const frame = next.frames.shift();
    if (frame !== undefined) frames.push(frame);
    if (isOpening) opened += 1;
    if (random.oneIn(6)) frames.push(interlude(random, next.stream, options));
  }
  if (!options.isPure && random.oneIn(4)) frames.push(goAway(0, 0, "bye"));
  return frames;
}

function randomCall(random: Random, stream: number, options: ConversationOptions): RandomCall {
  const path = options.isPure ? random.pick(answered) : random.pick(anything);
  const extra: readonly Field[] = Array.from({ length: random.below(4) }, (_, index) => [
    `x-${index}`,
    "v".repeat(random.below(60)),
  ]);
  const block = encodeFields([...requestFields(path), ...extra]);
  const hasTrailers = random.oneIn(5);
  const frames = [openingOf(random, stream, block)];
  const content = contentOf(random, path);
  for (let at = 0; at < content.length;) {
    const end = Math.min(content.length, at + 1 + random.below(random.pick([3, 30, 10_000])));
    const padding = random.oneIn(5) ? { padding: random.below(256) } : {};
    const endStream = end === content.length && !hasTrailers;
    frames.push(data(stream, content.subarray(at, end), { endStream, ...padding }));
    at = end;
    if (random.oneIn(8) && !endStream) frames.push(data(stream, Buffer.alloc(0)));
  }
  if (hasTrailers) frames.push(headers(stream, encodeFields([["t", "1"]]), { endStream: true }));
  else if (content.length === 0) frames.push(data(stream, content, { endStream: true }));
  if (!options.isPure && random.oneIn(4)) {
    frames.splice(1 + random.below(frames.length), frames.length, rstStream(stream, 8));
  }
  return { stream, frames };
}

/** HEADERS with all that may be around them, and CONTINUATION: one piece, never parted. */
function openingOf(random: Random, stream: number, block: Buffer): Buffer {
  const parts: Buffer[] = [];
  const around = {
    ...(random.oneIn(4) ? { padding: random.below(256) } : {}),
    ...(random.oneIn(4) ? { dependsOn: random.below(2 ** 31) } : {}),
  };
  let at = random.oneIn(3) ? random.below(block.length) : block.length;
  const endHeaders = at === block.length;
  parts.push(headers(stream, block.subarray(0, at), { ...around, endHeaders }));
  while (at < block.length) {
    const end = Math.min(block.length, at + 1 + random.below(block.length));
    parts.push(continuation(stream, block.subarray(at, end), end === block.length));
    at = end;
  }
  return Buffer.concat(parts);
}

function contentOf(random: Random, path: string): Buffer {
  if (path === paths.flood) return grpcMessage(`${random.below(20)} ${random.below(2_000)}`);
  const size = random.pick([0, 1, 5, 100, 3_000, 10_000]);
  const message = grpcMessage("m".repeat(random.below(size + 1)));
  const isStream = path === paths.chat || path === paths.sink || path === paths.early;
  if (!isStream) return message;
  const count = random.below(5);
  return Buffer.concat(Array.from({ length: count }, () => message));
}

/** Something between frames of calls. */
function interlude(random: Random, stream: number, options: ConversationOptions): Buffer {
  const harmless: readonly [() => Buffer, ...(() => Buffer)[]] = [
    () => ping(random.bytes(8)),
    () => encodeFrame({ type: 0x20 + random.below(200), flags: random.below(256), stream }),
    () => priority(1 + 2 * random.below(50), random.below(100)),
    () => windowUpdate(0, 1 + random.below(100)),
    () => windowUpdate(stream, 1 + random.below(100)),
    () => settings([100 + random.below(100), random.below(2 ** 32)]),
  ];
  if (options.isPure || random.oneIn(2)) return random.pick(harmless)();
  return random.pick([
    () => settings([4, random.below(100_000)]),
    () => settings([1, random.below(5_000)]),
    () => settings([5, 16_384 + random.below(100_000)]),
    () => windowUpdate(stream, 1 + random.below(2 ** 20)),
  ])();
}

/** Breaks some of the frames, or their order. */
export function mutate(random: Random, frames: readonly Buffer[]): readonly Buffer[] {
  const broken: Buffer[] = frames.map((frame) => Buffer.from(frame));
  for (let change = random.below(4); change >= 0; change -= 1) {
    const index = random.below(broken.length);
    const frame = broken[index];
    if (frame === undefined || frame.length < 9) continue;
    random.pick([
      () => frame.writeUInt8(random.below(256), random.below(frame.length)),
      () => frame.writeUInt8(random.below(11), 3), // Another type.
      () => frame.writeUInt8(random.below(256), 4), // Other flags.
      () => frame.writeUInt32BE(random.below(12), 5), // Another stream.
      () => frame.writeUIntBE(random.below(random.pick([20, 20_000, 2 ** 24])), 0, 3),
      () => broken.splice(index, 1),
      () => broken.splice(index, 0, Buffer.from(frame)),
      () => broken.splice(index, 1, frame.subarray(0, 1 + random.below(frame.length))),
      () => broken.splice(random.below(broken.length), 0, ...broken.splice(index, 1)),
      () => {
        const head = { type: random.below(12), flags: random.below(256), stream: random.below(9) };
        return broken.splice(index, 0, encodeFrame(head, random.bytes(random.below(40))));
      },
    ])();
  }
  return broken;
}

/** Cuts some part of the bytes into chunks of random sizes; what is around it comes at once. */
export function chunksOf(random: Random, bytes: Buffer): readonly Buffer[] {
  const most = random.pick([1, 7, 100, 5_000]);
  const begin = random.oneIn(2) ? 0 : random.below(bytes.length);
  const chunks = begin === 0 ? [] : [bytes.subarray(0, begin)];
  for (let at = begin; at < bytes.length;) {
    const size = chunks.length > 100 ? bytes.length : 1 + random.below(most);
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
