/**
 * For services: register under a name, stay registered by heartbeats, leave at once when stopped.
 *
 *     ENDPOINTS=127.0.0.1:2379 npx tsx examples/service.ts web web-1 10.0.0.1:8080
 */
import { once } from "node:events";
import { connect } from "@quorate/client";
import { Registry } from "@quorate/recipes";

const [service = "web", id = "web-1", address = "127.0.0.1:8080"] = process.argv.slice(2);
const endpoints = (process.env["ENDPOINTS"] ?? "127.0.0.1:2379").split(",");
const ttlSeconds = Number(process.env["TTL"] ?? "10");

const stopped = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);

await using client = connect({ endpoints });
await using registration = await new Registry(client).register(
  { service, id, address, metadata: { version: "1.0.0" } },
  {
    ttlSeconds,
    // A registration that was lost, as after a long pause of this process, is made again.
    onEvent: ({ state }) => console.log(`${id} is ${state}`),
  },
);
console.log(`registered ${id} at ${address} token=${registration.token}`);
await stopped;
