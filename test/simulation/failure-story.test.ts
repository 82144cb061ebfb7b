import assert from "node:assert/strict";
import { test } from "node:test";
import { tellStory } from "./failure-story.ts";

const line = (place: number, what: string): string => `${place}.000`.padStart(12) + ` ${what}`;

test("lines that name what the failure names are marked", () => {
  const lines = [
    line(1, "c0         -> m1 #1 LeaseGrant ttl=2"),
    line(2, "c0         <- m1 #1 LeaseGrant id=2341016757864071083"),
    line(3, "m1         writes entry 28 of term 2"),
    line(4, "m1         writes entry 128 of term 2"),
    line(5, "c1         <- m1 #1 Watch events {set w/0=1 @87}"),
    line(6, "c1         <- m1 #1 Watch events {set w/1=1 @871}"),
  ];
  const marks = (message: string): string => {
    return tellStory(lines, message)
      .map((told) => told.charAt(0))
      .join("");
  };
  assert.equal(marks("L1: lease 2341016757864071083 of 2 s"), " >    ");
  assert.equal(marks("P4: m1 applies 28, which it does not hold"), "  >   ");
  assert.equal(marks('W3: put "w/0" at 342, expected put "w/0" at 87'), "    > ");
});

test("of many lines those are told that matter, and how many are not", () => {
  const lines = Array.from({ length: 2_000 }, (_, place) =>
    line(place, "c0         -> m1 #1 Range"),
  );
  lines[50] = line(50, "m2         power");
  lines[700] = line(700, "c1         <- m1 #1 Watch events {set w/0=1 @87}");
  const told = tellStory(lines, 'W3: put "w/0" at 342, expected put "w/0" at 87');
  assert.ok(told.length < 150, `${told.length}`);
  assert.equal(told[0], "  ... 50 lines");
  assert.equal(told[1], ` ${lines[50]}`);
  assert.ok(told.includes(`>${lines[700]}`));
  assert.ok(told.includes(` ${lines[697]}`));
  assert.equal(told.at(-1), ` ${lines.at(-1)}`);
});
