import type { PeerSummary, RowSummary } from "./summary.ts";
import type { Spread } from "./statistics.ts";
import { digits, layOut, mebibytes, type Column } from "./table.ts";

const columns: readonly Column[] = [
  { title: "row", align: "left" },
  { title: "members", align: "right" },
  { title: "client", align: "left" },
  { title: "peer", align: "left" },
  { title: "op/s", align: "right" },
  { title: "min..max", align: "right" },
  { title: "p50 ms", align: "right" },
  { title: "p99 ms", align: "right" },
  { title: "p99.9 ms", align: "right" },
  { title: "CPU us/op", align: "right" },
  { title: "RSS MiB", align: "right" },
  { title: "peak MiB", align: "right" },
  { title: "disk MiB", align: "right" },
  { title: "loop p99 ms", align: "right" },
  { title: "client CPU", align: "right" },
  { title: "failed", align: "right" },
];

/** Lays out what was measured; for each row one line for each peer and one that compares them. */
export function reportTable(rows: readonly RowSummary[]): string {
  const lines = rows.flatMap((row, index) => [
    ...(index === 0 ? [] : [undefined]),
    ...row.peers.map((peer, position) => peerLine(row, peer, position === 0)),
    ...(row.ratio === undefined ? [] : [ratioLine(row.ratio, row.cpuRatio)]),
  ]);
  return layOut(columns, lines);
}

function peerLine(row: RowSummary, peer: PeerSummary, isFirst: boolean): readonly string[] {
  const { rate } = peer;
  return [
    ...(isFirst ? [row.row, String(row.members), row.client] : ["", "", ""]),
    peer.peer,
    digits(rate.median),
    rate.min === rate.max ? "" : `${digits(rate.min)}..${digits(rate.max)}`,
    digits(peer.p50Millis),
    digits(peer.p99Millis),
    digits(peer.p999Millis),
    digits(peer.cpuMicrosPerOperation),
    mebibytes(peer.residentBytes),
    mebibytes(peer.residentBytesMax),
    Number.isNaN(peer.diskBytes) ? "" : mebibytes(peer.diskBytes),
    digits(peer.loopDelayMillis),
    Number.isNaN(peer.generatorShare) ? "" : `${Math.round(peer.generatorShare * 100)} %`,
    peer.failures === 0 ? "" : String(peer.failures),
  ];
}

function ratioLine(ratio: Spread, cpuRatio: Spread | undefined): readonly string[] {
  const range = ratio.min === ratio.max ? "" : `${times(ratio.min)}..${times(ratio.max)}`;
  const cpu = cpuRatio === undefined ? "" : times(cpuRatio.median);
  return ["", "", "", "quorate/etcd", times(ratio.median), range, "", "", "", cpu];
}

function times(value: number): string {
  return `${value.toFixed(2)}x`;
}
