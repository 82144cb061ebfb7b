import { after, before, test } from "node:test";

import type { EtcdCluster } from "../../../../test/support/etcd-process.ts";
import { examplesOf, runExample } from "../../../../test/support/examples.ts";
import { startStore, storeMissing } from "../../../../test/support/store.ts";

let store: EtcdCluster | undefined;

before(async () => {
  if (storeMissing() === false) store = await startStore();
});

after(async () => {
  await store?.close();
});

for (const example of await examplesOf("client")) {
  test(`The example at ${example.place} runs`, { skip: storeMissing() }, async () => {
    await runExample(example, store?.member(0).endpoint ?? "");
  });
}
