/** The command `quorate-exporter`: reads settings, runs the exporter, ends it in good order. */
import { readFileSync } from "node:fs";
import { type Client, connect } from "@quorate/client";
import { JsonLogger, NodeClock, openLogSink } from "@quorate/platform";
import { type ExporterOptions, helpText, parseCommand } from "./standalone/exporter-options.ts";
import { ExporterProcess } from "./standalone/exporter-process.ts";

const command = parseCommand(process.argv.slice(2), process.env);
switch (command.kind) {
  case "help":
    process.stdout.write(helpText());
    break;
  case "version":
    process.stdout.write(`quorate-exporter ${packageVersion()}\n`);
    break;
  case "invalid":
    for (const problem of command.problems) process.stderr.write(`quorate-exporter: ${problem}\n`);
    process.exitCode = 2;
    break;
  case "run":
    await run(command.options);
}

async function run(options: ExporterOptions): Promise<void> {
  const clock = new NodeClock();
  const logger = new JsonLogger({ level: options.logLevel }, { sink: openLogSink(2), clock });
  const fail = async (error: unknown): Promise<void> => {
    logger.error("cannot go on", { error: error instanceof Error ? error.message : String(error) });
    await logger.close(1_000);
    process.exit(1);
  };
  try {
    const client = connectTo(options);
    const exporter = new ExporterProcess(options, { client, clock, logger });
    const { address, port } = await exporter.start();
    logger.info("serving", { address, port, endpoints: options.endpoints });
    let isStopping = false;
    const stop = (signal: NodeJS.Signals): void => {
      if (isStopping) return;
      isStopping = true;
      logger.info("stopping", { signal });
      exporter
        .close()
        .then(() => {
          client.close();
          return logger.close(1_000);
        })
        .catch(fail);
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  } catch (error) {
    await fail(error);
  }
}

function connectTo(options: ExporterOptions): Client {
  const { user, passwordFile, caFile, certFile, keyFile } = options;
  const tls = {
    ...(caFile !== undefined && { ca: readFileSync(caFile) }),
    ...(certFile !== undefined && { cert: readFileSync(certFile) }),
    ...(keyFile !== undefined && { key: readFileSync(keyFile) }),
  };
  return connect({
    endpoints: options.endpoints,
    ...(Object.keys(tls).length > 0 && { tls }),
    ...(user !== undefined &&
      passwordFile !== undefined && {
        auth: { user, password: readFileSync(passwordFile, "utf8").trimEnd() },
      }),
  });
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const version: unknown = Reflect.get(Object(JSON.parse(text)), "version");
  return typeof version === "string" ? version : "unknown";
}
