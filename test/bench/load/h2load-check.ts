/**
 * Makes sure that what h2load counted has happened: h2load takes every answer with HTTP status 200
 * for a success, and gRPC says its errors in trailers.
 */
import { decodeRangeResponse, encodeRangeRequest, services } from "@quorate/api";

import { until } from "../../support/deadline.ts";
import { callOnce } from "./call-once.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import type { H2loadResult } from "./h2load.ts";
import type { ClosedLoad } from "./load-spec.ts";
import { requestSource, type RequestSource } from "./operation.ts";
import { dealt } from "./unary-load.ts";

/** How long a store may still be busy with what h2load has left behind. */
const settleMillis = 20_000;

/**
 * Runs h2load between two looks at the store.
 *
 * The same request is sent before and after by the client that checks status and content, until it
 * is answered as it must be and has the effect that it must have. Of h2load's writes, only as many
 * count as done as the store's revision has grown by; the others were refused, which h2load does
 * not see.
 *
 * @throws Error when request or store say that something else was measured.
 */
export async function checked(
  spec: ClosedLoad,
  runLoad: () => Promise<H2loadResult>,
): Promise<H2loadResult & Done> {
  const connection = await GrpcConnection.connect(dealt(spec.endpoints, 0));
  try {
    const before = await settled(connection, spec);
    const result = await runLoad();
    const revisions = (await revisionOf(connection)) - before;
    await settled(connection, spec);
    return { ...result, ...doneOf(spec, result, revisions) };
  } finally {
    connection.close();
  }
}

/** What was done in a measurement by h2load. */
export interface Done {
  /** Answered while h2load waited. */
  readonly operations: number;
  /** With those that it no longer waited for when its time was up: the store worked for them. */
  readonly servedOperations: number;
  readonly failures: number;
}

/**
 * What was done of that which h2load has counted.
 *
 * @param revisions - By how much the store's revision has grown.
 * @throws Error when the store has written more than was sent, or by reads.
 */
export function doneOf(
  spec: Pick<ClosedLoad, "operation">,
  { operations, started, failures }: Pick<H2loadResult, "operations" | "started" | "failures">,
  revisions: number,
): Done {
  const areWrites = isWrite(spec);
  if (revisions > (areWrites ? started : 0)) {
    const sent = `${started} requests of kind "${spec.operation.kind}"`;
    throw new Error(`Cannot trust h2load: after ${sent} there are ${revisions} new revisions`);
  }
  const done = areWrites ? Math.min(operations, revisions) : operations;
  return {
    operations: done,
    servedOperations: areWrites ? revisions : started,
    failures: failures + operations - done,
  };
}

/** Waits until the request alone moves the store. @returns The revision then. */
async function settled(connection: GrpcConnection, spec: ClosedLoad): Promise<number> {
  const source = requestSource(spec.operation);
  return await until(settleMillis, "a right answer to h2load's request", async () => {
    const before = await revisionOf(connection);
    const isRight = await isAnswered(connection, source);
    const after = await revisionOf(connection);
    return isRight && after - before === (isWrite(spec) ? 1 : 0) ? after : undefined;
  });
}

function isAnswered(connection: GrpcConnection, source: RequestSource): Promise<boolean> {
  return new Promise((resolve) => {
    let isContentRight = false;
    connection.call(source.path, source.request(0), {
      onMessage: (bytes, begin, end) => {
        isContentRight = source.isRight(bytes, begin, end);
      },
      onEnd: (status) => resolve(status === 0 && isContentRight),
    });
  });
}

function isWrite({ operation }: Pick<ClosedLoad, "operation">): boolean {
  return operation.kind === "put" || operation.kind === "txn";
}

async function revisionOf(connection: GrpcConnection): Promise<number> {
  const request = encodeRangeRequest({ key: Buffer.from("revision?") });
  const answer = await callOnce(connection, services.kv.range.path, request);
  return decodeRangeResponse(answer).header?.revision ?? 0;
}
