import type { FlushQueue, FrameSender } from "./frame-sender.ts";

/**
 * Flushes all connections that have something to send once the code that is running has returned,
 * so that the answers of a batch leave in one write a socket.
 */
export class FlushTurns implements FlushQueue {
  #senders: FrameSender[] = [];
  #flushing: FrameSender[] = [];
  readonly #run = (): void => this.#flush();

  add(sender: FrameSender): void {
    this.#senders.push(sender);
    if (this.#senders.length === 1) process.nextTick(this.#run);
  }

  #flush(): void {
    const senders = this.#senders;
    this.#senders = this.#flushing;
    this.#flushing = senders;
    for (const sender of senders) sender.flush();
    senders.length = 0;
  }
}
