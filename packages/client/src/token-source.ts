/**
 * The token of the client's user, fetched when first needed and again when a server rejects it.
 *
 * Calls that arrive while a fetch is under way share it. A server with authentication off has no
 * tokens: the answer is then undefined and calls go without, until one is refused.
 * @internal
 */
export class TokenSource {
  readonly #fetch: () => Promise<string | undefined>;
  #token: Promise<string | undefined> | undefined;

  /** @param fetch - Authenticates; resolves to undefined when authentication is off. */
  constructor(fetch: () => Promise<string | undefined>) {
    this.#fetch = fetch;
  }

  /** The token to send now. A failed fetch is not remembered. */
  current(): Promise<string | undefined> {
    if (this.#token !== undefined) return this.#token;
    const token = this.#fetch();
    this.#token = token;
    token.catch(() => {
      if (this.#token === token) this.#token = undefined;
    });
    return token;
  }

  /** Forgets a token that was refused, unless another call has replaced it already. */
  async invalidate(refused: string | undefined): Promise<void> {
    const held = this.#token;
    if (held === undefined) return;
    const token = await held.catch(() => undefined);
    if (this.#token === held && token === refused) this.#token = undefined;
  }
}
