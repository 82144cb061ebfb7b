/**
 * For operators: who are the members, who leads, what is registered, how does it do.
 *
 *     ENDPOINTS=127.0.0.1:2379 npx tsx examples/operator.ts
 */
import { connect } from "@quorate/client";
import { Election, Registry } from "@quorate/recipes";

const endpoints = (process.env["ENDPOINTS"] ?? "127.0.0.1:2379").split(",");
const shard = process.env["SHARD"] ?? "shard-7";

await using client = connect({ endpoints });
const { members } = await client.cluster.memberList({ linearizable: true });
for (const member of members) {
  const url = member.clientUrls[0];
  if (url === undefined) continue;
  await using one = connect({ endpoints: [url] });
  const status = await one.maintenance.status({}).catch(() => undefined);
  const role = status === undefined ? "down" : status.leader === member.id ? "leads" : "follows";
  console.log(`member ${member.name} ${role} applied=${status?.raftAppliedIndex ?? "-"}`);
}

const { instances, foreign } = await new Registry(client).resolve();
for (const { service, id, address } of instances)
  console.log(`instance ${service}/${id} ${address}`);
for (const { key, problem } of foreign) console.log(`not an instance: ${key}: ${problem}`);

const leader = await new Election(client, `aggregators/${shard}`).leader();
console.log(`leader of ${shard}: ${leader?.value.text() ?? "nobody"}`);
