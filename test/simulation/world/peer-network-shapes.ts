/** Shapes of partitions, as directed paths to cut (D4, B8, B9). */
import type { MemberId } from "@quorate/raft";
import type { SeededRandom } from "@quorate/platform/sim";

/** A directed path between two members. */
export interface Path {
  readonly from: MemberId;
  readonly to: MemberId;
}

/** Every path between two different members. */
export function allPaths(members: readonly MemberId[]): readonly Path[] {
  return members.flatMap((from) => members.flatMap((to) => (from === to ? [] : [{ from, to }])));
}

/** Both directions between two groups. */
export function between(some: readonly MemberId[], others: readonly MemberId[]): readonly Path[] {
  return some.flatMap((one) =>
    others.flatMap((other) => [
      { from: one, to: other },
      { from: other, to: one },
    ]),
  );
}

/** One member alone. */
export function isolateOne(members: readonly MemberId[], one: MemberId): readonly Path[] {
  return between([one], others(members, one));
}

/** Two groups, drawn; where the number is odd one of them is a majority. */
export function halves(members: readonly MemberId[], random: SeededRandom): readonly Path[] {
  const shuffled = random.shuffle([...members]);
  const middle = shuffled.length >> 1;
  return between(shuffled.slice(0, middle), shuffled.slice(middle));
}

/**
 * Every member sees a majority and no two see the same one. With three members, where a majority of
 * all is everybody or a pair, each hears only the one before it.
 */
export function majorityRing(members: readonly MemberId[], random: SeededRandom): readonly Path[] {
  const ring = random.shuffle([...members]);
  const size = ring.length;
  const reach = Math.ceil((size >> 1) / 2);
  return ring.flatMap((from, i) =>
    ring.flatMap((to, j) => {
      const ahead = (j - i + size) % size;
      const isNeighbour = size <= 3 ? ahead === 1 : Math.min(ahead, size - ahead) <= reach;
      return from === to || isNeighbour ? [] : [{ from, to }];
    }),
  );
}

/** Two groups that only one member, in neither, can speak to. */
export function bridge(
  members: readonly MemberId[],
  middle: MemberId,
  random: SeededRandom,
): readonly Path[] {
  return halves(others(members, middle), random);
}

/** One direction of each pair, drawn: everybody is heard or hears, never both. */
export function oneWay(members: readonly MemberId[], random: SeededRandom): readonly Path[] {
  return members.flatMap((one, i) =>
    members
      .slice(i + 1)
      .map((other) => (random.chance(0.5) ? { from: one, to: other } : { from: other, to: one })),
  );
}

/** Paths to break one by one and the order to mend them in: swizzle-clog. */
interface Swizzle {
  readonly breaks: readonly Path[];
  readonly mends: readonly Path[];
}

/** Draws a swizzle over some of the paths. */
export function drawSwizzle(members: readonly MemberId[], random: SeededRandom): Swizzle {
  const paths = random.shuffle([...allPaths(members)]);
  const breaks = paths.slice(0, random.between(Math.min(1, paths.length), paths.length));
  return { breaks, mends: random.shuffle([...breaks]) };
}

function others(members: readonly MemberId[], one: MemberId): readonly MemberId[] {
  return members.filter((member) => member !== one);
}
