/**
 * A store on each of the server's two transports: what one takes from other people's programs the
 * other has to take as well.
 */
import { after, before, describe } from "node:test";
import type { EtcdCluster, EtcdMember } from "../../support/etcd-process.ts";
import { startComparedStore } from "../../support/compared-stores.ts";
import { storeMissing } from "../../support/store.ts";

/** The values of `--grpc-transport`; the first is the default. */
export const transports = ["native", "grpc-js"] as const;

/** One of {@link transports}. */
export type Transport = (typeof transports)[number];

/** Starts a store of one member on a transport. */
export async function startOn(transport: Transport): Promise<EtcdCluster> {
  return await startComparedStore("quorate", { flags: [`--grpc-transport=${transport}`] });
}

/**
 * Declares the same tests for a store on each transport.
 *
 * @param missing - Why they cannot run here; false if they can.
 * @param declare - Declares tests; the member runs by the time that they do.
 */
export function onEachTransport(
  title: string,
  missing: string | false,
  declare: (member: () => EtcdMember) => void,
): void {
  const skip = missing === false ? storeMissing("quorate") : missing;
  for (const transport of transports) {
    describe(`${title} on ${transport}`, { skip }, () => {
      let cluster: EtcdCluster | undefined;
      before(async () => {
        if (skip === false) cluster = await startOn(transport);
      });
      after(async () => {
        await cluster?.close();
      });
      declare(() => {
        if (cluster === undefined) throw new Error("Cannot find the member: it did not start");
        return cluster.member(0);
      });
    });
  }
}
