import type { SeededRandom } from "@quorate/platform/sim";
import { CheckFailure } from "../checkers/check-failure.ts";
import type { Coverage } from "../coverage.ts";
import { prefixEndOf, type KvPair, type KvRecord } from "../history/kv-records.ts";
import type { Truth } from "../history/truth.ts";
import { KvWorkload } from "./kv-workload.ts";
import { balanceOf, TransferBehaviour, type Bank } from "./transfer-operations.ts";
import type { Workload } from "./workload.ts";

const prefix = "account/";

/**
 * Money moves between accounts by transactions that compare what was read: the sum of all accounts
 * is the same at every revision and in every read of all of them (P1, P5).
 */
export function createTransferWorkload(random: SeededRandom): Workload {
  const count = random.split("bank").between(2, 6);
  const accounts = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  const bank: Bank = { prefix, accounts, openingBalance: 100 };
  return new KvWorkload(random, {
    name: "transfer",
    prefix,
    draw: () => (name, client) => new TransferBehaviour(bank, name, client),
    judge: (records, truth, coverage) => {
      requireSums(bank, records, truth, coverage);
    },
  });
}

/**
 * Requires that no money came or went: once the accounts exist, in each revision and in each whole
 * read, stale ones included.
 *
 * @throws CheckFailure P5
 */
export function requireSums(
  bank: Bank,
  records: readonly KvRecord[],
  truth: Truth,
  coverage: Coverage,
): void {
  const wanted = bank.accounts.length * bank.openingBalance;
  const check = (values: readonly string[], where: () => string): void => {
    if (values.length === 0) return;
    const sum = values.reduce((total, value) => total + balanceOf(value), 0);
    const isWhole = values.length === bank.accounts.length;
    if (isWhole && sum === wanted) return;
    const shown = values.join(" ");
    throw new CheckFailure("P5", `accounts hold ${sum}, not ${wanted}, ${where()}: ${shown}`);
  };
  const balances = new Map<string, string>();
  for (const { revision, events } of truth.revisions) {
    const own = events.filter(({ key }) => key.startsWith(bank.prefix));
    for (const { kind, key, value } of own) {
      if (kind === "put") balances.set(key, value);
      else balances.delete(key);
    }
    if (own.length === 0) continue;
    check([...balances.values()], () => `at revision ${revision}`);
    coverage.checked("P5");
  }
  for (const { client, operation, outcome } of records) {
    if (operation.kind !== "range" || outcome.kind !== "ok") continue;
    const { answer } = outcome;
    const isAll = operation.rangeEnd === prefixEndOf(bank.prefix) && operation.limit === 0;
    if (!isAll || answer.kind !== "range") continue;
    const values = answer.pairs.map(({ value }: KvPair) => value);
    check(values, () => `as ${client} read them at revision ${answer.revision}`);
    coverage.checked("P5");
  }
}
