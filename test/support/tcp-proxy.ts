import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * A relay on loopback whose connections can be cut, held or refused at a chosen moment.
 *
 * Both sides are cut with a reset, as by a machine that lost power or a firewall that forgot.
 */
export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isHeld = false;
  #port = 0;
  /** Connections accepted so far. */
  accepted = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#relay(client));
  }

  /** Listens on a free port and relays to a port of the same machine. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await proxy.listen();
    return proxy;
  }

  /** `127.0.0.1:port` of the proxy. */
  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Resets every open connection. */
  cut(): void {
    for (const [client, target] of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Stops moving bytes in both directions; connections stay open and silent. */
  hold(): void {
    this.#isHeld = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Undoes {@link TcpProxy.hold}. */
  release(): void {
    this.#isHeld = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** Accepts connections, on the same port as before. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", () => {
        const address = this.#server.address();
        if (address !== null && typeof address !== "string") this.#port = address.port;
        resolve();
      });
    });
  }

  /** Cuts everything and refuses new connections until {@link TcpProxy.listen}. */
  refuse(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.cut();
    return closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.refuse();
    else this.cut();
  }

  #relay(client: Socket): void {
    this.accepted += 1;
    const target = connect(this.#targetPort, "127.0.0.1");
    const pair = [client, target] as const;
    this.#pairs.add(pair);
    const drop = (): void => {
      this.#pairs.delete(pair);
      client.destroy();
      target.destroy();
    };
    for (const [from, to] of [pair, [target, client] as const]) {
      from.on("data", (chunk) => {
        if (!to.write(chunk)) from.pause();
      });
      to.on("drain", () => {
        if (!this.#isHeld) from.resume();
      });
      from.on("error", drop);
      from.on("close", drop);
      if (this.#isHeld) from.pause();
    }
  }
}
