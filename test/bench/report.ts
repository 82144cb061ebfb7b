import type { PeerSummary, RowSummary } from "./summary.ts";
import type { Spread } from "./statistics.ts";
import { digits, layOut, mebibytes, type Column, type TableLine } from "./table.ts";
import { fullClientShare, type Verdict } from "./targets.ts";

const measureColumns: readonly Column[] = [
  { title: "", align: "left" },
  { title: "op/s", align: "right" },
  { title: "spread %", align: "right" },
  { title: "CPU us", align: "right" },
  { title: "p50 ms", align: "right" },
  { title: "p99 ms", align: "right" },
  { title: "p99.9", align: "right" },
  { title: "RSS", align: "right" },
  { title: "peak", align: "right" },
  { title: "loop p99", align: "right" },
  { title: "max ms", align: "right" },
  { title: "wait %", align: "right" },
  { title: "client us", align: "right" },
  { title: "%", align: "right" },
];

const verdictColumns: readonly Column[] = [
  { title: "row", align: "left" },
  { title: "members", align: "right" },
  { title: "client", align: "left" },
  { title: "what", align: "left" },
  { title: "target", align: "right" },
  { title: "found", align: "right" },
  { title: "min..max", align: "right" },
  { title: "verdict", align: "left" },
];

/** Lays out what was measured: for each row a title and a line for each peer. */
export function reportTable(rows: readonly RowSummary[]): string {
  const lines = rows.flatMap((row): readonly TableLine[] => [
    { text: titleOf(row) },
    ...row.peers.flatMap((peer): readonly TableLine[] => [
      { cells: peerCells(peer) },
      ...detailLines(peer),
    ]),
  ]);
  return layOut(measureColumns, lines);
}

/** Lays out how the rows stand to their targets. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const full = verdicts.filter(({ fullClients }) => fullClients.length > 0);
  const peers = [...new Set(full.flatMap(({ fullClients }) => fullClients))].join(", ");
  return layOut(verdictColumns, [
    ...verdicts.map((verdict) => ({ cells: verdictCells(verdict) })),
    ...(full.length === 0
      ? []
      : [{ text: `* the client had no processor time left (at ${peers}): not the store's limit` }]),
  ]);
}

function titleOf({ row, members, client, unit }: RowSummary): string {
  const size = members === 1 ? "1 member" : `${members} members`;
  return `${row}, ${size}, ${client === "-" ? "" : `client ${client}, `}per ${unit}`;
}

function peerCells(peer: PeerSummary): readonly string[] {
  const { rate, generatorShare, failures } = peer;
  return [
    `  ${peer.peer}${failures === 0 ? "" : ` (${failures} failed)`}`,
    digits(rate.median),
    rate.min === rate.max ? "" : `${percentOff(rate.min, rate)}..${percentOff(rate.max, rate)}`,
    digits(peer.cpuMicrosPerOperation),
    digits(peer.p50Millis),
    digits(peer.p99Millis),
    digits(peer.p999Millis),
    mebibytes(peer.residentBytes),
    mebibytes(peer.residentBytesMax),
    digits(peer.loopDelayP99Millis),
    digits(peer.loopDelayMaxMillis),
    Number.isNaN(peer.waitShare) ? "" : String(Math.round(peer.waitShare * 100)),
    digits(peer.generatorMicrosPerOperation),
    Number.isNaN(generatorShare)
      ? ""
      : `${Math.round(generatorShare * 100)}${generatorShare >= fullClientShare ? "*" : " "}`,
  ];
}

function detailLines({ details, diskBytes }: PeerSummary): readonly TableLine[] {
  const parts = Object.entries(details).map(([name, value]) => `${name} ${digits(value)}`);
  if (!Number.isNaN(diskBytes)) parts.push(`disk MiB ${mebibytes(diskBytes)}`);
  return parts.length === 0 ? [] : [{ text: `    ${parts.join(", ")}` }];
}

/** How far from the median, in percent: "-3", "+12". */
function percentOff(value: number, { median }: Spread): string {
  const percent = Math.round((value / median - 1) * 100);
  return percent > 0 ? `+${percent}` : String(percent);
}

function verdictCells({
  target,
  client,
  found,
  shortBy,
  fullClients,
  failures,
}: Verdict): readonly string[] {
  const isStall = target.of === "stall";
  const say = (value: number): string => (isStall ? `${digits(value)} ms` : `${digits(value)}x`);
  return [
    target.row,
    String(target.members),
    client,
    whatOf(target.of),
    `${target.sense === "at least" ? ">=" : "<="} ${say(target.bound)}`,
    found === undefined ? "" : say(found.median),
    found === undefined || found.min === found.max
      ? ""
      : `${digits(found.min)}..${digits(found.max)}`,
    `${wordOf(shortBy, failures)}${fullClients.length === 0 ? "" : " *"}`,
  ];
}

function whatOf(of: Verdict["target"]["of"]): string {
  switch (of) {
    case "rate":
      return "op/s";
    case "cpu":
      return "CPU/op";
    case "p99":
      return "p99";
    case "peak":
      return "peak memory";
    case "stall":
      return "longest stall";
  }
}

function wordOf(shortBy: number | undefined, failures: number): string {
  if (shortBy === undefined) return "not compared";
  if (failures > 0) return `void: ${failures} failed`;
  return shortBy === 0 ? "met" : `short by ${digits(shortBy * 100)} %`;
}
