/**
 * The whole story on one machine: three members, three services, two aggregators, one scrape.
 * Each step is checked; the first one that does not hold ends the demo with an error.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type Client } from "@quorate/client";
import { Registry, type InstanceEvent } from "@quorate/recipes";
import { freePorts, startMembers } from "./members.ts";
import { Program } from "./programs.ts";
import { readMetrics } from "./scrape.ts";

const ttlSeconds = 3;
const service = "checkout";
const shard = "shard-7";
const began = performance.now();

const directory = await mkdtemp(join(tmpdir(), "quorate-demo-"));
try {
  await play();
} finally {
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);

async function play(): Promise<void> {
  say("Starting three members.");
  const members = await startMembers(directory, await freePorts(6));
  const endpoints = members.map(({ endpoint }) => endpoint);
  await using client = connect({ endpoints });
  await client.put("demo/started", "yes", { deadlineMillis: 15_000 });
  say(`A majority answers. Clients may use any of ${endpoints.join(", ")}.`);
  const environment = { ENDPOINTS: endpoints.join(","), TTL: String(ttlSeconds) };
  await playServices(client, environment);
  await playAggregators(client, environment);
  await playMember(client, members);
  await playScrape(members.map(({ endpoint }) => endpoint));
  say("Stopping everything.");
  await Promise.all(members.map(({ program }) => program.stop()));
  say("Done: every step held.");
}

async function playServices(
  client: Client,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  const registry = new Registry(client);
  await using watch = registry.watch(service);
  const events = watch[Symbol.asyncIterator]();
  await nextEvent(events, "snapshot");
  say(`Three instances of "${service}" register themselves with a TTL of ${ttlSeconds} s.`);
  const programs = ["one", "two", "three"].map((id, index) =>
    Program.example("service.ts", [service, id, `10.0.0.${index + 1}:8080`], environment),
  );
  for (const program of programs) await program.line(/^registered/, 20_000);
  for (let count = 0; count < 3; count += 1) {
    const event = await nextEvent(events, "up");
    tell(`+ ${event.instance.id} at ${event.instance.address}`);
  }
  const [killed, stopped, staying] = programs;
  check(killed !== undefined && stopped !== undefined && staying !== undefined, "three programs");
  say("The first is killed, as by a power cut: it stays listed until its TTL has run out.");
  await killed.kill();
  const killedAt = performance.now();
  const lost = await nextEvent(events, "down");
  const seconds = (performance.now() - killedAt) / 1_000;
  check(lost.instance.id === "one", `the killed one vanishes, not ${lost.instance.id}`);
  check(seconds <= ttlSeconds + 3, `it vanishes within its TTL and 3 s, not ${seconds} s`);
  tell(`- one, ${seconds.toFixed(1)} s after it was killed`);
  say("The second is stopped in good order: it vanishes at once.");
  const stoppedAt = performance.now();
  void stopped.stop();
  const left = await nextEvent(events, "down");
  const millis = performance.now() - stoppedAt;
  check(left.instance.id === "two", `the stopped one vanishes, not ${left.instance.id}`);
  check(millis < 1_500, `it vanishes at once, not after ${millis} ms`);
  tell(`- two, ${millis.toFixed(0)} ms after it was asked to stop`);
  const { instances } = await registry.resolve(service);
  check(instances.length === 1 && instances[0]?.id === "three", "only the third is left");
  say("Discovery finds the third alone. It keeps running.");
}

async function playAggregators(
  client: Client,
  environment: Readonly<Record<string, string>>,
): Promise<void> {
  say(`Two aggregators campaign for ${shard}.`);
  const first = Program.example("aggregator.ts", [shard, "alpha"], environment);
  const token = Number((await first.line(/token=(\d+)/, 20_000))[1]);
  tell(`alpha leads, fencing token ${token}`);
  const second = Program.example("aggregator.ts", [shard, "beta"], environment);
  await second.line(/campaigns/, 20_000);
  say("The leader is killed.");
  const killedAt = performance.now();
  await first.kill();
  const next = Number((await second.line(/token=(\d+)/, (ttlSeconds + 15) * 1_000))[1]);
  const seconds = (performance.now() - killedAt) / 1_000;
  check(next > token, `the new token ${next} is higher than ${token}`);
  tell(`beta leads after ${seconds.toFixed(1)} s, fencing token ${next}`);
  const flushed = await until(async () => {
    const text = (await client.get(`flushed/${shard}`))?.text() ?? "";
    return text.startsWith("beta") ? text : undefined;
  });
  tell(`its writes carry the token: "${flushed}"`);
}

async function playMember(
  client: Client,
  members: Awaited<ReturnType<typeof startMembers>>,
): Promise<void> {
  const { members: list } = await client.cluster.memberList({ linearizable: true });
  const { leader } = await client.maintenance.status({});
  const leaderName = list.find(({ id }) => id === leader)?.name;
  const killed = members.find(({ name }) => name === leaderName);
  check(killed !== undefined, "a member leads");
  say(`The leading member ${killed.name} is killed.`);
  await killed.program.kill();
  const killedAt = performance.now();
  await client.put("demo/survived", "yes", { deadlineMillis: 15_000 }).catch(async () => {
    // The outcome of a write under way may be unknown; this one may be made twice.
    await client.put("demo/survived", "yes", { deadlineMillis: 15_000 });
  });
  const millis = performance.now() - killedAt;
  check(millis < 6_000, `writes go on within 6 s, not ${millis} ms`);
  tell(`the others elected a leader; a write was durable ${millis.toFixed(0)} ms later`);
  killed.program = killed.restart();
  await killed.program.line(/ready to serve client requests/, 30_000);
  tell(`${killed.name} is started again and catches up`);
}

async function playScrape(endpoints: readonly string[]): Promise<void> {
  say("What an operator sees on /metrics of each member:");
  let leaders = 0;
  for (const endpoint of endpoints) {
    const metrics = await readMetrics(`http://${endpoint}/metrics`);
    leaders += metrics.value("etcd_server_is_leader");
    check(metrics.value("etcd_server_has_leader") === 1, `${endpoint} knows a leader`);
    tell(
      [
        endpoint,
        metrics.value("etcd_server_is_leader") === 1 ? "leads  " : "follows",
        `applied ${metrics.value("etcd_server_proposals_applied_total")}`,
        `keys ${metrics.value("etcd_debugging_mvcc_keys_total")}`,
        `watchers ${metrics.value("etcd_debugging_mvcc_watcher_total")}`,
        `fsync p99 < ${metrics.quantileMillis("etcd_disk_wal_fsync_duration_seconds", 0.99)} ms`,
      ].join("  "),
    );
  }
  check(leaders === 1, `one member leads, not ${leaders}`);
}

async function nextEvent<Kind extends InstanceEvent["kind"]>(
  events: AsyncIterator<InstanceEvent, void>,
  kind: Kind,
): Promise<Extract<InstanceEvent, { readonly kind: Kind }>> {
  const timer = setTimeout(() => fail(`no "${kind}" came from discovery within 20 s`), 20_000);
  const { value } = await events.next();
  clearTimeout(timer);
  check(value?.kind === kind, `discovery tells "${kind}", not "${value?.kind ?? "the end"}"`);
  return value as Extract<InstanceEvent, { readonly kind: Kind }>;
}

async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    check(performance.now() < end, "it happens within 10 s");
  }
}

function say(text: string): void {
  const seconds = ((performance.now() - began) / 1_000).toFixed(1).padStart(5);
  console.log(`${seconds} s  ${text}`);
}

function tell(text: string): void {
  console.log(`           ${text}`);
}

function check(holds: boolean, what: string): asserts holds {
  if (!holds) fail(`expected that ${what}`);
}

function fail(what: string): never {
  console.error(`demo: ${what}`);
  process.exit(1);
}
