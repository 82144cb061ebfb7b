/**
 * What a node has to tell the outside, until the next Ready takes it.
 *
 * Which messages wait for the disk is decided here, by kind and in one place (P4, D8):
 *
 * - An append answer promises that entries are durable, a vote that it will not be given twice. A
 *   *request* for votes waits as well: it describes this log, and a crash that loses the tail of it
 *   must not leave grants behind that were given for the longer one.
 * - Everything else promises nothing that a crash could take back.
 */
import type { MemberId, Term } from "./entry.ts";
import type { Message } from "./message.ts";
import type { ReadState } from "./ready.ts";

/** Collects outgoing messages and read results. */
export class Outbox {
  readonly #id: MemberId;
  #messages: Message[] = [];
  #messagesAfterPersist: Message[] = [];
  #readStates: ReadState[] = [];
  #abandonedReads: number[] = [];

  constructor(id: MemberId) {
    this.#id = id;
  }

  /** Nothing to tell. */
  get isEmpty(): boolean {
    return (
      this.#messages.length === 0 &&
      this.#messagesAfterPersist.length === 0 &&
      this.#readStates.length === 0 &&
      this.#abandonedReads.length === 0
    );
  }

  /** Sends a message from this node. */
  send(to: MemberId, term: Term, body: MessageBody): void {
    const message: Message = { ...body, from: this.#id, to, term };
    if (waitsForDisk(message)) this.#messagesAfterPersist.push(message);
    else this.#messages.push(message);
  }

  /** A read may be served. */
  confirmRead(read: ReadState): void {
    this.#readStates.push(read);
  }

  /** A read will not be confirmed any more. */
  abandonRead(requestId: number): void {
    this.#abandonedReads.push(requestId);
  }

  /** Hands everything over. */
  take(): {
    readonly messages: readonly Message[];
    readonly messagesAfterPersist: readonly Message[];
    readonly readStates: readonly ReadState[];
    readonly abandonedReads: readonly number[];
  } {
    const taken = {
      messages: this.#messages,
      messagesAfterPersist: this.#messagesAfterPersist,
      readStates: this.#readStates,
      abandonedReads: this.#abandonedReads,
    };
    this.#messages = [];
    this.#messagesAfterPersist = [];
    this.#readStates = [];
    this.#abandonedReads = [];
    return taken;
  }
}

/** A message without its head. */
export type MessageBody = Message extends infer M
  ? M extends Message
    ? Omit<M, "from" | "to" | "term">
    : never
  : never;

function waitsForDisk(message: Message): boolean {
  switch (message.kind) {
    case "append-response":
      return true;
    case "vote":
    case "vote-response":
      return !message.isPreVote;
    default:
      return false;
  }
}
