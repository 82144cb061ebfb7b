import { Endpoint } from "./endpoint.ts";
import type { ResolvedOptions } from "./options.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The endpoints of one cluster and which of them is in use.
 *
 * One endpoint is kept until it fails, so that a client holds one connection, not one per member;
 * the start is random, so that many clients spread. The next one in order that is not on penalty
 * takes over; when all are, the one whose penalty ends first.
 *
 * Members may name fewer endpoints than there are, as in a young cluster, or such as cannot be
 * reached from here. So those that the client was given are tried again when all others fail.
 * @internal
 */
export class EndpointSet {
  readonly #options: ResolvedOptions;
  readonly #runtime: Runtime;
  #endpoints: Endpoint[];
  #current: number;
  /** Endpoints the client was given, which are not in use. */
  #reserve: readonly string[] = [];

  constructor(options: ResolvedOptions, runtime: Runtime) {
    this.#options = options;
    this.#runtime = runtime;
    this.#endpoints = options.endpoints.map((name) => new Endpoint(name, options, runtime));
    this.#current = runtime.random.nextInt(this.#endpoints.length);
  }

  get size(): number {
    return this.#endpoints.length;
  }

  get names(): readonly string[] {
    return this.#endpoints.map((endpoint) => endpoint.name);
  }

  /** The endpoint to use now; moves on when the one in use is on penalty. */
  pick(): Endpoint {
    for (let step = 0; step < this.#endpoints.length; step += 1) {
      const index = (this.#current + step) % this.#endpoints.length;
      const endpoint = this.#at(index);
      if (endpoint.isPenalised) continue;
      this.#current = index;
      return endpoint;
    }
    if (this.#reserve.length > 0) return this.#takeReserve();
    const soonest = this.#endpoints.reduce((best, endpoint) =>
      endpoint.penaltyUntilMillis < best.penaltyUntilMillis ? endpoint : best,
    );
    this.#current = this.#endpoints.indexOf(soonest);
    return soonest;
  }

  /** The endpoint with a name, for calls that are about one member; undefined if unknown. */
  find(name: string): Endpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.name === name);
  }

  /** Notes a failure and lets the next pick choose another endpoint. */
  fail(endpoint: Endpoint): void {
    endpoint.noteFailure();
    this.#runtime.logger?.debug("Endpoint failed", { endpoint: endpoint.name });
  }

  /**
   * Takes over a new list: known endpoints keep their connection, gone ones are closed.
   *
   * @param names - Empty lists are ignored: a client without endpoints could never recover.
   */
  replace(names: readonly string[]): void {
    if (names.length === 0) return;
    const currentName = this.#at(this.#current).name;
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.name, endpoint]));
    this.#endpoints = names.map((name) => {
      const endpoint = known.get(name) ?? new Endpoint(name, this.#options, this.#runtime);
      known.delete(name);
      return endpoint;
    });
    for (const gone of known.values()) gone.close();
    this.#reserve = this.#options.endpoints.filter((name) => !names.includes(name));
    const index = this.#endpoints.findIndex((endpoint) => endpoint.name === currentName);
    this.#current = index >= 0 ? index : this.#runtime.random.nextInt(this.#endpoints.length);
  }

  close(): void {
    for (const endpoint of this.#endpoints) endpoint.close();
  }

  #takeReserve(): Endpoint {
    const index = this.#endpoints.length;
    for (const name of this.#reserve) {
      this.#endpoints.push(new Endpoint(name, this.#options, this.#runtime));
    }
    this.#runtime.logger?.debug("Endpoints from the start are used again", {
      endpoints: this.#reserve.join(),
    });
    this.#reserve = [];
    this.#current = index;
    return this.#at(index);
  }

  #at(index: number): Endpoint {
    const endpoint = this.#endpoints[index];
    if (endpoint === undefined) throw new Error(`Cannot find endpoint ${index}: out of range`);
    return endpoint;
  }
}
