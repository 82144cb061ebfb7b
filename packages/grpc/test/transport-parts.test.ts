import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AbuseBudget } from "../src/http2/abuse-budget.ts";
import { FrameReader } from "../src/http2/frame-reader.ts";
import { Http2Stream, type StreamConnection } from "../src/http2/http2-stream.ts";
import { QuietWatch } from "../src/http2/quiet-watch.ts";
import { StreamSlots } from "../src/http2/stream-slots.ts";
import { StreamTable } from "../src/http2/stream-table.ts";
import { MessageQueue } from "../src/message-queue.ts";
import { type MessageFault, MessageReader } from "../src/message-reader.ts";
import { RequestMemory } from "../src/request-memory.ts";
import { signal } from "../src/testing/signal.ts";

const idleConnection: StreamConnection = {
  enqueue: () => undefined,
  extendWindow: () => undefined,
  reset: () => undefined,
};

function streamOf(id: number): Http2Stream {
  return new Http2Stream(id, 65_535, 0, idleConnection);
}

/** Cuts bytes at places that fast-check draws. */
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 });

function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let begin = 0;
  for (let index = 0; begin < bytes.length; index += 1) {
    const end = begin + (sizes[index % sizes.length] ?? 1);
    yield bytes.subarray(begin, end);
    begin = end;
  }
}

function framed(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

describe("StreamSlots", () => {
  it("are a map of ascending ids, whatever lives on", () => {
    const step = fc.record({ adds: fc.integer({ min: 0, max: 40 }), removes: fc.float() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new StreamSlots();
        const model = new Map<number, Http2Stream>();
        let id = 1;
        for (const { adds, removes } of steps) {
          for (let added = 0; added < adds; added += 1, id += 2) {
            const stream = streamOf(id);
            slots.add(stream);
            model.set(id, stream);
          }
          const gone = [...model.keys()].filter((_, index) => (index * 7) % 10 < removes * 10);
          for (const each of gone) {
            slots.remove(each);
            slots.remove(each); // Twice is as good as once.
            model.delete(each);
          }
          assert.equal(slots.size, model.size);
          for (let each = 1; each < id + 4; each += 2) {
            assert.equal(slots.get(each), model.get(each));
          }
          assert.deepEqual(new Set(slots.values()), new Set(model.values()));
        }
      }),
    );
  });
});

describe("StreamTable", () => {
  it("knows why an id has no stream", () => {
    const table = new StreamTable();
    for (const id of [1, 3, 9]) {
      table.use(id);
      table.add(streamOf(id));
    }
    table.remove(1);
    table.removeReset(3);
    const reasons = [1, 3, 5, 7, 11].map((id) => table.reasonClosed(id));
    assert.deepEqual(reasons, ["closed", "reset", "skipped", "skipped", "idle"]);
    assert.equal(table.lastId, 9);
    assert.equal(table.size, 1);
  });

  it("remembers a bounded number of resets, the latest", () => {
    const table = new StreamTable();
    for (let id = 1; id < 10_000; id += 2) {
      table.use(id);
      table.removeReset(id);
    }
    assert.equal(table.reasonClosed(1), "closed");
    assert.equal(table.reasonClosed(9_999), "reset");
    assert.equal(table.reasonClosed(9_999 - 2 * 1_023), "reset");
    assert.equal(table.reasonClosed(9_999 - 2 * 1_024), "closed");
  });
});

describe("FrameReader", () => {
  it("finds the same frames however the bytes are cut", () => {
    const payload = fc.uint8Array({ maxLength: 100 });
    const frame = fc.record(
      {
        type: fc.nat(9),
        flags: fc.nat(255),
        id: fc.nat(2 ** 31 - 1),
        payload,
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 20 }), cuts, (frames, sizes) => {
        const bytes = [Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")];
        for (const each of frames) {
          const head = Buffer.alloc(9);
          head.writeUIntBE(each.payload.length, 0, 3);
          head.writeUInt8(each.type, 3);
          head.writeUInt8(each.flags, 4);
          head.writeUInt32BE(each.id, 5);
          bytes.push(head, Buffer.from(each.payload));
        }
        const found: unknown[] = [];
        const reader = new FrameReader({
          onFrame: (type, flags, id, chunk, begin, end) => {
            found.push({ type, flags, id, payload: new Uint8Array(chunk.subarray(begin, end)) });
          },
        });
        for (const piece of pieces(Buffer.concat(bytes), sizes)) reader.push(piece);
        assert.deepEqual(found, frames);
      }),
    );
  });
});

describe("MessageQueue", () => {
  it("gives the framed messages, in whatever portions they are taken", () => {
    const message = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 4 });
    const queued = fc.record({ message, isFramed: fc.boolean() });
    fc.assert(
      fc.property(fc.array(queued, { maxLength: 20 }), cuts, (all, sizes) => {
        const queue = new MessageQueue();
        const wanted: Buffer[] = [];
        for (const { message: chunks, isFramed } of all) {
          const bytes = framed(Buffer.concat(chunks));
          wanted.push(bytes);
          if (isFramed) queue.pushFramed(bytes);
          else assert.equal(queue.push(chunks), bytes.length - 5);
        }
        const whole = Buffer.concat(wanted);
        assert.equal(queue.bytesLeft, whole.length);
        const taken = Buffer.alloc(whole.length);
        for (let at = 0, index = 0; at < whole.length; index += 1) {
          const length = Math.min(sizes[index % sizes.length] ?? 1, queue.bytesLeft);
          queue.copyTo(taken, at, length);
          at += length;
          assert.equal(queue.bytesLeft, whole.length - at);
        }
        assert.deepEqual(taken, whole);
      }),
    );
  });

  it("does not take a message whose length its head could not say to every client", () => {
    const queue = new MessageQueue();
    const chunk = new Uint8Array(2 ** 20);
    const chunks = Array.from({ length: 2_048 }, () => chunk);
    assert.equal(queue.push(chunks), 2 ** 31);
    assert.equal(queue.bytesLeft, 0);
    const largest = [...chunks.slice(1), chunk.subarray(1)];
    assert.equal(queue.push(largest), 2 ** 31 - 1);
    assert.equal(queue.bytesLeft, 2 ** 31 + 4);
  });

  it("drops what waits, but not the rest of what was begun", () => {
    const queue = new MessageQueue();
    queue.push([Buffer.from("abc")]);
    queue.push([Buffer.from("def")]);
    const taken = Buffer.alloc(8);
    queue.copyTo(taken, 0, 6);
    queue.dropWaiting();
    assert.equal(queue.bytesLeft, 2);
    queue.copyTo(taken, 6, 2);
    assert.deepEqual(taken, framed(Buffer.from("abc")));
    queue.push([Buffer.from("gh")]);
    queue.dropWaiting();
    assert.equal(queue.bytesLeft, 0, "nothing of it had been taken");
    queue.push([Buffer.from("ij")]);
    queue.copyTo(taken, 0, 7);
    assert.deepEqual(taken.subarray(0, 7), framed(Buffer.from("ij")));
  });
});

describe("MessageReader", () => {
  const collect = (
    bytesMax: number,
    isWanted: () => boolean = () => true,
  ): { reader: MessageReader; messages: string[]; faults: MessageFault[] } => {
    const messages: string[] = [];
    const faults: MessageFault[] = [];
    const reader = new MessageReader(bytesMax, {
      takeMessage: (message, isCompressed) => {
        messages.push(`${isCompressed ? "z" : ""}${message.toString("latin1")}`);
        return isWanted();
      },
      takeFault: (fault) => faults.push(fault),
    });
    return { reader, messages, faults };
  };

  it("finds the same messages however the body is cut, and whenever they are wanted", () => {
    const message = fc.record({ text: fc.string({ maxLength: 80 }), flag: fc.nat(1) });
    const pauses = fc.array(fc.boolean(), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), cuts, pauses, (all, sizes, wanted) => {
        let count = 0;
        const next = (): boolean => wanted[(count += 1) % wanted.length] ?? true;
        const { reader, messages, faults } = collect(1_000, next);
        const body = Buffer.concat(all.map(({ text, flag }) => framed(Buffer.from(text), flag)));
        let sent = 0;
        for (const piece of pieces(body, sizes)) {
          reader.push(piece, 0, piece.length);
          sent += piece.length;
          if (next()) reader.resume();
          assert.ok(reader.heldBytes <= sent);
        }
        for (const _message of all) reader.resume();
        assert.deepEqual(
          messages,
          all.map(
            ({ text, flag }) => (flag === 1 ? "z" : "") + Buffer.from(text).toString("latin1"),
          ),
        );
        assert.equal(reader.heldBytes, 0);
        assert.deepEqual(faults, []);
      }),
    );
  });

  it("judges a head as soon as it is whole, and then takes nothing more", () => {
    for (const [head, fault] of [
      [Buffer.from([0, 0, 0, 0, 11]), { kind: "too-large", bytes: 11 }],
      [Buffer.from([0, 255, 255, 255, 255]), { kind: "too-large", bytes: 2 ** 32 - 1 }],
      [Buffer.from([2, 0, 0, 0, 1]), { kind: "unknown-flag", flag: 2 }],
    ] as const) {
      for (const size of [1, 5]) {
        const { reader, messages, faults } = collect(10);
        for (const piece of pieces(Buffer.concat([head, framed(head)]), [size])) {
          reader.push(piece, 0, piece.length);
        }
        assert.deepEqual({ messages, faults }, { messages: [], faults: [fault] });
        assert.equal(reader.heldBytes, 0);
      }
    }
  });

  it("says how much of a message is missing once its head has come", () => {
    const { reader } = collect(1_000);
    const body = framed(Buffer.alloc(500));
    reader.push(body, 0, 4);
    assert.equal(reader.missingBytes, 0);
    reader.push(body, 4, 105);
    assert.equal(reader.missingBytes, 400);
    reader.push(body, 105, 505);
    assert.equal(reader.missingBytes, 0);
  });
});

describe("RequestMemory", () => {
  const waiting = (): { onAdmitted(): void; isAdmitted: boolean } => {
    const message = { isAdmitted: false, onAdmitted: () => (message.isAdmitted = true) };
    return message;
  };
  const half = 16_777_216;

  it("lets messages in while all of them fit, the others in the order they came", () => {
    const memory = new RequestMemory();
    const [first, second, third, fourth] = [waiting(), waiting(), waiting(), waiting()];
    assert.equal(memory.admit(first, half), true);
    assert.equal(memory.admit(second, half), true);
    assert.equal(memory.admit(third, half + 1), false);
    assert.equal(memory.admit(fourth, 1), false, "no small one overtakes a large one");
    memory.release(first, half, true);
    assert.equal(third.isAdmitted, false);
    memory.release(second, half, true);
    assert.deepEqual([third.isAdmitted, fourth.isAdmitted], [true, true]);
  });

  it("always lets one in, and forgets who no longer waits", () => {
    const memory = new RequestMemory();
    const [huge, gone, last] = [waiting(), waiting(), waiting()];
    assert.equal(memory.admit(huge, 2 ** 31), true);
    assert.equal(memory.admit(gone, 1), false);
    assert.equal(memory.admit(last, 1), false);
    memory.release(gone, 1, false);
    memory.release(huge, 2 ** 31, true);
    assert.deepEqual([gone.isAdmitted, last.isAdmitted], [false, true]);
  });

  it("is full above 128 MiB", () => {
    const memory = new RequestMemory();
    memory.hold(134_217_728);
    assert.equal(memory.isFull, false);
    memory.hold(1);
    assert.equal(memory.isFull, true);
    memory.hold(-1);
    assert.equal(memory.isFull, false);
  });
});

describe("AbuseBudget", () => {
  it("has a thousand at first, and 33 a second after that", () => {
    const budget = new AbuseBudget(0);
    for (let count = 0; count < 1_000; count += 1) assert.ok(budget.pay(0, 1), `${count}`);
    assert.equal(budget.pay(0, 1), false);
    assert.equal(budget.pay(1_000, 32), true);
    assert.equal(budget.pay(1_000, 1), false);
  });

  it("gives back what answered calls are worth, but never more than at first", () => {
    const budget = new AbuseBudget(0);
    for (let count = 0; count < 5_000; count += 1) budget.refund();
    assert.ok(budget.pay(0, 1_000));
    budget.refund();
    assert.ok(budget.pay(0, 1));
    assert.equal(budget.pay(0, 1), false);
  });

  it("takes nothing for resets of streams that had their time", () => {
    const budget = new AbuseBudget(0);
    for (let count = 0; count < 5_000; count += 1) assert.ok(budget.payForReset(1_000, 0));
    const rapid = Array.from({ length: 1_100 }, () => budget.payForReset(1_000, 1));
    assert.equal(rapid.at(-1), false);
  });
});

describe("QuietWatch", () => {
  it("pings who is quiet and gives up who stays so", async () => {
    const pinged = signal<void>();
    const givenUp = signal<void>();
    const options = { quietMillis: 5, answerMillis: 5 };
    const watch = new QuietWatch(options, pinged.resolve, givenUp.resolve);
    const alive = setTimeout(() => undefined, 10_000); // Its own timers keep no process alive.
    await pinged.promise;
    await givenUp.promise;
    watch.stop();
    clearTimeout(alive);
  });

  it("takes whatever comes for a sign of life", async () => {
    let pings = 0;
    const thirdPing = signal<void>();
    const watch = new QuietWatch(
      { quietMillis: 2, answerMillis: 2 },
      () => {
        pings += 1;
        watch.lastMillis = performance.now();
        if (pings === 3) thirdPing.resolve();
      },
      () => assert.fail("given up"),
    );
    const alive = setTimeout(() => undefined, 10_000);
    await thirdPing.promise;
    watch.stop();
    clearTimeout(alive);
  });
});
