#!/usr/bin/env node
/** The command `quorate`: reads settings, runs one member, ends it in good order. */
import { openLogSink, NodeClock, JsonLogger } from "@quorate/platform";
import { helpText } from "./config/flags.ts";
import { loadOptions } from "./config/load.ts";
import type { ServerOptions } from "./config/options.ts";
import { startServer, type RunningServer } from "./server.ts";
import { protocolVersion, softwareVersion } from "./version.ts";

const loaded = loadOptions(process.argv.slice(2), process.env);
switch (loaded.kind) {
  case "help":
    process.stdout.write(helpText());
    break;
  case "version":
    process.stdout.write(versionText());
    break;
  case "invalid":
    for (const problem of loaded.problems) process.stderr.write(`quorate: ${problem}\n`);
    process.exitCode = loaded.exitCode;
    break;
  case "run":
    await run(loaded.options, loaded.warnings);
}

async function run(options: ServerOptions, warnings: readonly string[]): Promise<void> {
  const logger = createLogger(options);
  for (const warning of warnings) logger.warn(warning);
  logger.info("starting quorate", {
    version: softwareVersion,
    "etcd-version": protocolVersion,
    node: process.version,
    name: options.member.name,
    "data-dir": options.member.dataDirectory,
    "listen-client-urls": options.member.listenClientUrls,
    "listen-peer-urls": options.member.listenPeerUrls,
  });
  const die = (error: unknown): void => {
    logger.lastWords("stopping at once: cannot go on safely", { error: describe(error) });
    process.exit(1);
  };
  process.on("uncaughtException", die);
  process.on("unhandledRejection", die);
  let server: RunningServer | undefined;
  const removal = { isKnown: false };
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals | undefined): Promise<void> => {
    if (isStopping || server === undefined) return;
    isStopping = true;
    if (signal !== undefined) logger.info("received signal; shutting down", { signal });
    await server.close();
    await logger.close(1_000);
    // As etcd's: who starts processes that failed must not start a removed member again.
    if (signal === undefined) process.exit(0);
    endBy(signal);
  };
  const handleRemoval = (): void => {
    if (!removal.isKnown) logger.error("this member was removed from the cluster: stopping");
    removal.isKnown = true;
    void stop(undefined);
  };
  try {
    server = await startServer(options, logger, { onFatal: die, onRemoved: handleRemoval });
  } catch (error) {
    logger.error("cannot start", { error: describe(error) });
    await logger.close(1_000);
    process.stderr.write(`quorate: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
  // It may have heard so while it started.
  if (removal.isKnown) handleRemoval();
  process.on("SIGINT", (signal) => void stop(signal));
  process.on("SIGTERM", (signal) => void stop(signal));
  await server.ready;
  for (const address of server.clientUrls) {
    logger.info("ready to serve client requests", { address });
  }
}

/** Ends the process by the signal that asked for it, as its parent expects; as pid 1, with 0. */
function endBy(signal: NodeJS.Signals): void {
  if (process.pid === 1) process.exit(0);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}

function createLogger({ member }: ServerOptions): JsonLogger {
  const descriptor = member.logOutputs.includes("stdout") ? 1 : 2;
  return new JsonLogger(
    { level: member.logLevel, format: member.logFormat },
    { sink: openLogSink(descriptor), clock: new NodeClock() },
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.stack ?? error.message;
}

function versionText(): string {
  return [
    `etcd Version: ${protocolVersion}`,
    "Git SHA: Not provided",
    `Go Version: none (Quorate ${softwareVersion}, Node ${process.version})`,
    `Go OS/Arch: ${process.platform}/${process.arch}`,
    "",
  ].join("\n");
}
