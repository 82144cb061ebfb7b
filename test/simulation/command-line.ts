/** Reads options of a command; whatever cannot be used is refused with one sentence. */

/** What was asked for cannot be done; the message says why. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

/** What a command understands, without the dashes. */
export interface OptionNames {
  /** Options that are followed by a text. */
  readonly texts: readonly string[];
  /** Options that stand alone. */
  readonly flags: readonly string[];
  /** Whether there may be words that belong to no option. @default false */
  readonly hasWords?: boolean;
}

/** Bounds of a number, both inclusive. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

const seedsEnd = 2n ** 64n;

/** The options that somebody typed. */
export class CommandLine {
  readonly #values = new Map<string, string>();
  readonly #words: string[] = [];

  /** @throws OptionError for what nobody understands */
  constructor(texts: readonly string[], names: OptionNames) {
    const rest = [...texts];
    for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
      if (text.startsWith("--")) this.#readOption(text, rest, names);
      else if (names.hasWords === true && !text.startsWith("-")) this.#words.push(text);
      else throw new OptionError(`Cannot use "${text}": it belongs to no option`);
    }
  }

  /** Words that belong to no option. */
  get words(): readonly string[] {
    return this.#words;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** One of several texts; undefined when it was not given. */
  oneOf<Text extends string>(name: string, known: readonly Text[]): Text | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const found = known.find((each) => each === text);
    if (found !== undefined) return found;
    throw new OptionError(`Cannot use --${name} ${text}: it is one of ${known.join(", ")}`);
  }

  /** A whole number; undefined when it was not given. */
  whole(name: string, { min, max }: Bounds): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    const range = `it is a whole number from ${min} to ${max}`;
    throw new OptionError(`Cannot use --${name} ${text}: ${range}`);
  }

  /** A seed; undefined when it was not given. */
  seed(name: string): bigint | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,20}$/.test(text) ? BigInt(text) : seedsEnd;
    if (value < seedsEnd) return value;
    throw new OptionError(`Cannot use --${name} ${text}: a seed is a decimal number below 2^64`);
  }

  /** Refuses options that mean nothing beside another. */
  refuseBeside(name: string, others: readonly string[]): void {
    if (!this.has(name)) return;
    const other = others.find((each) => this.has(each));
    if (other === undefined) return;
    throw new OptionError(`Cannot use --${other} with --${name}: one of them would mean nothing`);
  }

  /** Refuses options that mean nothing without another. */
  refuseWithout(name: string, needed: readonly string[]): void {
    if (!this.has(name) || needed.some((each) => this.has(each))) return;
    const list = needed.map((each) => `--${each}`).join(" or ");
    throw new OptionError(`Cannot use --${name} alone: it belongs to ${list}`);
  }

  #readOption(text: string, rest: string[], { texts, flags }: OptionNames): void {
    const [, name = "", inline] = /^--([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
    if (this.#values.has(name))
      throw new OptionError(`Cannot use --${name} twice: it is given once`);
    if (flags.includes(name)) {
      if (inline !== undefined) {
        throw new OptionError(`Cannot use "${text}": --${name} takes no value`);
      }
      this.#values.set(name, "");
      return;
    }
    if (!texts.includes(name)) {
      throw new OptionError(`Unknown option "--${name}": --help shows what there is`);
    }
    const value = inline ?? rest.shift();
    if (value === undefined || (inline === undefined && value.startsWith("--"))) {
      throw new OptionError(`Cannot use --${name}: its value is missing`);
    }
    this.#values.set(name, value);
  }
}
