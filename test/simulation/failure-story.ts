/** Chooses what is told of the lines before a failure, when there are more than anybody reads. */

/** Most lines that are told. */
const toldMax = 300;
/** Newest lines, which are told in any case. */
const newestMax = 100;
/** Lines around one that names several of the things that the failure names. */
const around = 6;

/** What machines do rarely, and changes everything. */
const turns = "starts|power|kill|ends|LOSES|keeps|takes part|leads|has taken|warn|error";
const turn: RegExp = new RegExp(`^ *[\\d.]+ (world |m\\d+ +(${turns}))`);

/**
 * What led to a failure, as it is told. Lines that name what the message names are marked; of too
 * many lines the newest are told, those that name most with their surroundings, and the turns.
 */
export function tellStory(lines: readonly string[], message: string): readonly string[] {
  const names = namesIn(message);
  const scores = lines.map((line) => names.filter((name) => name.test(line)).length);
  const told: string[] = [];
  let before = -1;
  for (const place of choose(lines, scores)) {
    if (place > before + 1) told.push(`  ... ${place - before - 1} lines`);
    told.push(`${scores[place] === 0 ? " " : ">"}${lines[place] ?? ""}`);
    before = place;
  }
  return told;
}

function choose(lines: readonly string[], scores: readonly number[]): readonly number[] {
  const places = lines.map((_, place) => place);
  if (lines.length <= toldMax) return places;
  const chosen = new Set(places.slice(-newestMax));
  const add = (more: readonly number[]): void => {
    for (const place of more) if (chosen.size < toldMax) chosen.add(place);
  };
  const scoreOf = (place: number): number => scores[place] ?? 0;
  const naming = places
    .filter((place) => scoreOf(place) > 0)
    .sort((one, other) => scoreOf(other) - scoreOf(one) || other - one);
  const best = naming.filter((place) => scoreOf(place) > 1).slice(0, newestMax / 10);
  add(best.flatMap((place) => places.slice(Math.max(0, place - around), place + around)));
  add(places.filter((place) => turn.test(lines[place] ?? "")).slice(-newestMax / 2));
  add(naming);
  return [...chosen].sort((one, other) => one - other);
}

/** Keys, ids, entries and revisions of a message, as other lines write them. */
function namesIn(message: string): readonly RegExp[] {
  const keys = [...message.matchAll(/"([^"\s]{2,})"/g)].map(([, key = ""]) => quoted(key));
  const ids = [...message.matchAll(/\b\d{8,}\b(?!\.)/g)].map(([id]) => id);
  const entries = [...message.matchAll(/\bapplies (\d+)/g)].map(([, index = ""]) => {
    return `(?:applies|entry) ${index} of`;
  });
  const revisions = [...message.matchAll(/\b(?:at|revision) (\d{1,7})\b(?!\.)/g)].map(
    ([, revision = ""]) => `(?:@|revision )${revision}`,
  );
  const names = new Set([...keys, ...ids, ...entries, ...revisions]);
  return [...names].map((name) => new RegExp(`${name}(?![\\w.])`));
}

function quoted(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
