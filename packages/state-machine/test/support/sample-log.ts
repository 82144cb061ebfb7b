import { SeededRandom } from "@quorate/platform/sim";
import { TestLog, type Proposal } from "./machine.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const ids = [5n, -5n, 2n ** 62n];

/** A log of puts, deletions, transactions and leases that is the same for the same length. */
export function sampleLog(length: number): TestLog {
  const random = new SeededRandom(11n);
  const log = new TestLog();
  while (log.entries.length < length) {
    log.append(...Array.from({ length: 1 + random.nextInt(4) }, () => sampleProposal(random)));
  }
  return log;
}

function sampleProposal(random: SeededRandom): Proposal {
  const key = bytes(`key/${random.nextInt(40)}`);
  const value = random.nextBytes(random.nextInt(200));
  const id = random.pick(ids);
  switch (random.nextInt(8)) {
    case 0:
      return { kind: "lease-grant", message: { id, ttl: 60 } };
    case 1:
      return { kind: "put", message: { key, value, lease: id } };
    case 2:
      return { kind: "delete-range", message: { key } };
    case 3:
      return random.nextInt(6) === 0
        ? { kind: "lease-revoke", message: { id } }
        : { kind: "put", message: { key, value } };
    case 4: {
      const other = bytes(`other/${random.nextInt(9)}`);
      const success = [
        { request: { case: "requestPut", value: { key, value } } },
        { request: { case: "requestDeleteRange", value: { key: other } } },
      ] as const;
      const compare = [{ key, target: 1, result: 1 }];
      return { kind: "txn", message: { compare, success } };
    }
    default:
      return { kind: "put", message: { key, value } };
  }
}
