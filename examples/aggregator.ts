/**
 * For aggregators: elect a leader, let only the leader write, take over when it is gone.
 *
 *     ENDPOINTS=127.0.0.1:2379 npx tsx examples/aggregator.ts shard-7 aggregator-1
 */
import { once } from "node:events";
import { connect, op } from "@quorate/client";
import { Election, openSession } from "@quorate/recipes";

const [shard = "shard-7", name = "aggregator-1"] = process.argv.slice(2);
const endpoints = (process.env["ENDPOINTS"] ?? "127.0.0.1:2379").split(",");
const ttlSeconds = Number(process.env["TTL"] ?? "10");

const stop = new AbortController();
const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
void stopped.then(() => stop.abort());

await using client = connect({ endpoints });
await using session = await openSession(client, { ttlSeconds });
console.log(`${name} campaigns for ${shard}`);
await using leadership = await new Election(client, `aggregators/${shard}`).campaign(
  session,
  name,
  { signal: stop.signal },
);
console.log(`${name} leads ${shard} token=${leadership.token}`);

for (let window = 1; leadership.isHeld() && !stop.signal.aborted; window += 1) {
  // Guarded by the token: a leader that was replaced while it slept writes nothing (K4).
  const flush = await leadership
    .txn()
    .then(op.put(`flushed/${shard}`, `${name} window ${window} token ${leadership.token}`))
    .commit();
  if (!flush.succeeded) break;
  await Promise.race([stopped, new Promise((resolve) => setTimeout(resolve, 500))]);
}
console.log(`${name} leads ${shard} no more`);
