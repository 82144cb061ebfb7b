import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkLinearizability, registerModel } from "@quorate/linearizability";
import { timeline } from "./timeline.ts";

const histories: readonly {
  readonly name: string;
  readonly verdict: "ok" | "illegal";
  readonly picture: string;
}[] = [
  { name: "nothing at all", verdict: "ok", picture: "" },
  {
    name: "one after the other",
    verdict: "ok",
    picture: `
a  |-|           x=1
b      |-|       x:1
a          |-|   x=2
b              |-| x:2`,
  },
  {
    name: "a read that overlaps a write sees the old value or the new one",
    verdict: "ok",
    picture: `
a  |--------|    x=1
b   |-|          x:
c       |-|      x:1`,
  },
  {
    name: "a stale read (C2)",
    verdict: "illegal",
    picture: `
a  |-|           x=1
a      |-|       x=2
b          |-|   x:1`,
  },
  {
    name: "a read of the past by another client while a write goes on",
    verdict: "illegal",
    picture: `
a  |----------|  x=1
b   |-|          x:1
c       |-|      x:`,
  },
  {
    name: "a lost update: two sets from one value (C48)",
    verdict: "illegal",
    picture: `
a  |-|           x=1
a      |-----|   x?1=2+
b       |----|   x?1=3+
c             |-| x:3`,
  },
  {
    name: "a lost write (C6)",
    verdict: "illegal",
    picture: `
a  |-|           x=1
b       |-|      x:`,
  },
  {
    name: "a read of what nobody wrote",
    verdict: "illegal",
    picture: `
a  |-|           x=1
b      |-|       x:9`,
  },
  {
    name: "a read of what was refused: it is not in the history",
    verdict: "illegal",
    picture: `
a  |-|           x=1
b      |-|       x?7=2-
c          |-|   x:2`,
  },
  {
    name: "a set that should have failed",
    verdict: "illegal",
    picture: `
a  |-|           x=1
b      |-|       x?2=3+`,
  },
  {
    name: "a set that should not have failed",
    verdict: "illegal",
    picture: `
a  |-|           x=1
b      |-|       x?1=3-`,
  },
  {
    name: "a cycle: two readers see two writes in opposite orders",
    verdict: "illegal",
    picture: `
a  |-------------|   x=1
b  |-------------|   x=2
c   |-|              x:1
c       |-|          x:2
d   |-|              x:2
d       |-|          x:1`,
  },
  {
    name: "two readers see two writes in the same order",
    verdict: "ok",
    picture: `
a  |-------------|   x=1
b  |-------------|   x=2
c   |-|              x:1
c       |-|          x:2
d   |-|              x:1
d       |-|          x:2`,
  },
  {
    name: "a cycle over two keys is none: keys are independent",
    verdict: "ok",
    picture: `
a  |-----------|  x=1
a  |-----------|  y=1
b    |-|          x:1
b        |-|      y:
c    |-|          y:
c        |-|      x:1`,
  },
  {
    name: "an unanswered write that is seen",
    verdict: "ok",
    picture: `
a  |->           x=1
b        |-|     x:1`,
  },
  {
    name: "an unanswered write that is never seen",
    verdict: "ok",
    picture: `
a  |->           x=1
b        |-|     x:
b            |-| x:`,
  },
  {
    name: "an unanswered write that takes effect late",
    verdict: "ok",
    picture: `
a  |->           x=1
b        |-|     x:
b            |-| x:1`,
  },
  {
    name: "an unanswered write before its call",
    verdict: "illegal",
    picture: `
b  |-|           x:1
a        |->     x=1`,
  },
  {
    name: "an unanswered write that is applied twice",
    verdict: "illegal",
    picture: `
a  |->           x=1
b    |-|         x:1
b        |-|     x=2
c            |-| x:2
c                |-| x:1`,
  },
  {
    name: "an unanswered write whose effect comes and goes",
    verdict: "illegal",
    picture: `
a  |->           x=1
b    |-|         x:1
c        |-|     x:`,
  },
  {
    name: "an unanswered set explains what no other write does",
    verdict: "ok",
    picture: `
a  |-|             x=1
b      |->         x?1=2
c          |-|     x:1
c              |-| x:2`,
  },
  {
    name: "two unanswered writes, one overwritten by the other unseen",
    verdict: "ok",
    picture: `
a  |->             x=1
b  |->             x=2
c      |-|         x:2
c          |-|     x=3
c              |-| x:3`,
  },
  {
    name: "what touches in time is concurrent",
    verdict: "ok",
    picture: `
a  |-|           x=1
b    |-|         x:`,
  },
];

describe("checkLinearizability judges registers", () => {
  for (const { name, verdict, picture } of histories) {
    test(`${verdict}: ${name}`, () => {
      assert.equal(checkLinearizability(registerModel, timeline(picture)).verdict, verdict);
    });
  }
});
