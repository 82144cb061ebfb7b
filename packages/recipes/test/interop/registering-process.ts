/** Registers one instance and says on stdout what happens to it; ends with its stdin. */
import { connect } from "@quorate/client";
import { Registry } from "@quorate/recipes";

const [, , endpoint = "", id = "", ttlSeconds = "2"] = process.argv;
const client = connect({ endpoints: [endpoint] });
const registration = await new Registry(client).register(
  { service: "child", id, address: `${id}:1` },
  {
    ttlSeconds: Number(ttlSeconds),
    onEvent: ({ state }) => process.stdout.write(`${state}\n`),
  },
);
for await (const chunk of process.stdin) if (String(chunk).includes("close")) break;
await registration.close();
client.close();
