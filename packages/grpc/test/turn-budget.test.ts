import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FlushTurns } from "../src/http2/flush-turns.ts";
import { Http2Connection } from "../src/http2/http2-connection.ts";
import { TurnBudget, type TurnSource } from "../src/http2/turn-budget.ts";
import { WriteBuffer } from "../src/http2/write-buffer.ts";
import { encodeFields, requestFields } from "./http2/field-block.ts";
import { headers, preface, settings } from "./http2/frames.ts";

/** An event loop whose time stands still and whose turns end when a test says so. */
class TestTurns implements TurnSource {
  nowMillis = 0;
  #immediates: (() => void)[] = [];

  now(): number {
    return this.nowMillis;
  }

  setImmediate(callback: () => void): void {
    this.#immediates.push(callback);
  }

  /** @returns How many immediates ran. */
  endTurn(): number {
    const immediates = this.#immediates;
    this.#immediates = [];
    for (const run of immediates) run();
    return immediates.length;
  }
}

/** A budget of ten milliseconds and a thousand bytes, and takers that need three milliseconds. */
class Scene {
  readonly turns = new TestTurns();
  readonly budget = new TurnBudget({ turnMillis: 10, heldBytesMax: 1_000 }, this.turns);
  readonly log: string[] = [];

  arrive(name: string, bytes = 1): void {
    const taker = { takeTurn: () => this.work(name) };
    if (this.budget.isSpent(this.turns.nowMillis)) this.budget.hold(taker, bytes);
    else this.work(name);
  }

  leave(name: string): void {
    const taker = { takeTurn: () => this.work(name) };
    if (this.budget.isSpent(this.turns.nowMillis)) this.budget.holdFarewell(taker);
    else this.work(name);
  }

  work(name: string): void {
    this.log.push(name);
    this.turns.nowMillis += 3;
  }

  endTurn(): string {
    this.turns.endTurn();
    return this.log.splice(0).join(" ");
  }
}

describe("TurnBudget", () => {
  it("splits a burst into turns and keeps its order", () => {
    const scene = new Scene();
    for (let index = 1; index <= 10; index += 1) scene.arrive(`${index}`);
    assert.equal(scene.log.splice(0).join(" "), "1 2 3 4", "until ten milliseconds are over");
    assert.equal(scene.endTurn(), "5 6 7 8");
    assert.equal(scene.endTurn(), "9 10");
    assert.equal(scene.turns.endTurn(), 0, "an idle budget asks for no turns");
  });

  it("handles what comes in a new turn at once, beside the backlog", () => {
    const scene = new Scene();
    for (let index = 1; index <= 10; index += 1) scene.arrive(`${index}`);
    scene.endTurn();
    scene.arrive("late");
    assert.equal(scene.endTurn(), "late 9 10");
  });

  it("lets work and farewells go in turns", () => {
    const scene = new Scene();
    for (let index = 1; index <= 4; index += 1) scene.arrive("first");
    for (let index = 1; index <= 6; index += 1) scene.leave(`bye${index}`);
    scene.arrive("work");
    scene.log.length = 0;
    assert.equal(scene.endTurn(), "work bye1 bye2 bye3");
    assert.equal(scene.endTurn(), "bye4 bye5 bye6");
  });

  it("holds no more bytes than it may", () => {
    const scene = new Scene();
    for (let index = 1; index <= 4; index += 1) scene.arrive("first");
    scene.arrive("held", 1_000);
    scene.log.length = 0;
    scene.arrive("now");
    assert.deepEqual(scene.log, ["now"]);
    scene.budget.release(1_000);
    scene.arrive("later");
    assert.deepEqual(scene.log, ["now"]);
  });

  it("looks for a new turn once in its time, not for each chunk", () => {
    const scene = new Scene();
    scene.arrive("one");
    assert.equal(scene.turns.endTurn(), 1);
    scene.arrive("two");
    assert.equal(scene.turns.endTurn(), 0);
    scene.turns.nowMillis += 10;
    scene.arrive("three");
    assert.equal(scene.turns.endTurn(), 1);
  });
});

/** Connections whose every chunk but the first of a turn is held, and one of which a turn takes. */
class Connections {
  readonly turns = new TestTurns();
  /** Its time is never enough for a second chunk. */
  readonly budget = new TurnBudget({ turnMillis: 0, heldBytesMax: 1_000_000 }, this.turns);
  readonly log: string[] = [];
  readonly #shared = {
    buffer: new WriteBuffer(),
    flushes: new FlushTurns(),
    turns: this.budget,
  };

  /** A connection that has exchanged SETTINGS. */
  async open(name: string): Promise<{ socket: Duplex; http2: Http2Connection }> {
    const socket = new Duplex({
      read: () => undefined,
      write: (_bytes, _encoding, done) => done(),
    });
    const options = {
      maxConcurrentStreams: 100,
      maxHeaderBytes: 10_000,
      pingIntervalMinMillis: 0,
      quietMillis: 60_000,
      keepaliveTimeoutMillis: 60_000,
      answerTimeoutMillis: 60_000,
    };
    const http2 = new Http2Connection(options, socket, this.#shared, {
      onRequest: (stream) => {
        const number = (stream.id + 1) / 2;
        this.log.push(`${name}${number}`);
        stream.handler = {
          onData: () => undefined,
          onEnd: () => undefined,
          onReset: () => this.log.push(`${name}${number} lost`),
          onSent: () => undefined,
          onOverflow: () => undefined,
          onShutdown: () => undefined,
        };
      },
      onClosed: () => this.log.push(`${name} closed`),
      onInternalError: (error) => assert.fail(String(error)),
    });
    http2.start();
    await nextTurn(); // A stream flows from the next turn on.
    socket.push(Buffer.concat([preface, settings()]));
    this.turns.endTurn();
    return { socket, http2 };
  }

  /** Spends the present turn: from here on everything is held. */
  spend(): void {
    assert.equal(this.budget.isSpent(performance.now()), false);
    assert.equal(this.budget.isSpent(performance.now()), true);
  }

  /** Ends turns until nothing is held; what the sockets say in between counts. */
  async settle(): Promise<string> {
    do await nextTurn();
    while (this.turns.endTurn() > 0);
    return this.log.join(" ");
  }
}

function request(number: number): Buffer {
  const fields = encodeFields(requestFields("/test/Hold"));
  return headers(number * 2 - 1, fields, { endStream: true });
}

describe("Http2Connection in a busy turn", () => {
  it("handles what was held later, in the order of each connection", async () => {
    const scene = new Connections();
    const logOf = (name: string): string[] => scene.log.filter((entry) => entry.startsWith(name));
    const [a, b] = [await scene.open("a"), await scene.open("b")];
    scene.spend();
    for (const number of [1, 2, 3]) {
      a.socket.push(request(number));
      b.socket.push(request(number));
    }
    assert.deepEqual(scene.log, []);
    assert.ok(a.socket.isPaused(), "no more than one chunk is held");
    scene.turns.endTurn();
    assert.deepEqual(scene.log, ["a1"], "a slice takes what its time allows");
    scene.turns.endTurn();
    assert.deepEqual(scene.log, ["a1", "b1"]);
    await scene.settle();
    assert.deepEqual(logOf("a"), ["a1", "a2", "a3"]);
    assert.deepEqual(logOf("b"), ["b1", "b2", "b3"]);
    a.http2.destroy();
    b.http2.destroy();
  });

  it("takes the end of a connection after what came before it", async () => {
    const scene = new Connections();
    const { socket } = await scene.open("a");
    scene.spend();
    socket.push(request(1));
    socket.push(request(2));
    socket.push(null);
    assert.equal(await scene.settle(), "a1 a2 a1 lost a2 lost a closed");
    assert.ok(socket.destroyed);
  });

  it("holds the end and the close, and says once that it is closed", async () => {
    const scene = new Connections();
    const { socket } = await scene.open("a");
    socket.push(request(1));
    scene.turns.endTurn();
    scene.spend();
    socket.push(null);
    await nextTurn();
    assert.deepEqual(scene.log, ["a1"], "its end is held");
    socket.destroy();
    await nextTurn();
    assert.deepEqual(scene.log, ["a1"], "so is its close");
    assert.equal(await scene.settle(), "a1 a1 lost a closed");
  });

  it("drops what is held of a connection that is destroyed", async () => {
    const scene = new Connections();
    const { socket } = await scene.open("a");
    scene.spend();
    socket.push(request(1));
    socket.destroy();
    assert.equal(await scene.settle(), "a closed");
    scene.spend();
    scene.budget.hold({ takeTurn: () => undefined }, 999_999);
    assert.equal(scene.budget.isSpent(performance.now()), true, "its bytes were given back");
  });

  it("takes the requests that came before it was drained", async () => {
    const scene = new Connections();
    const { socket, http2 } = await scene.open("a");
    scene.spend();
    socket.push(request(1));
    http2.drain();
    assert.deepEqual(scene.log, ["a1"]);
    socket.push(request(2));
    assert.equal(await scene.settle(), "a1", "the next one is refused");
    assert.equal(socket.destroyed, false, "the first one goes on");
    http2.destroy();
    assert.equal(await scene.settle(), "a1 a1 lost a closed");
  });
});
