import "./node-version.mjs";
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { isAbsolute, join } from "node:path";

const { prepare } = await import("./prepare.mjs");
const { fail, passSignalsUntilExit, root } = await import("./process.mjs");

/** What `npm start` adds to the server's own defaults; arguments and variables go first. */
const defaults = {
  "data-dir": ".quorate",
  "listen-client-urls": "http://127.0.0.1:2379",
  "advertise-client-urls": "http://127.0.0.1:2379",
  "listen-peer-urls": "http://127.0.0.1:2380",
  "initial-advertise-peer-urls": "http://127.0.0.1:2380",
};

const program = join(root, "packages/server/dist/main.js");
const given = process.argv.slice(2);
// With a configuration file the server looks at nothing else.
const hasFile = given.some((argument) => matchesFlag(argument, "config-file"));
const settings = Object.entries(defaults).filter(([name]) => !isGiven(name));
const flags = settings.map(([name, value]) => `--${name}=${value}`);

if (!hasFile) {
  requireWritable(valueOf("data-dir"));
  for (const name of ["listen-client-urls", "listen-peer-urls"]) {
    for (const url of valueOf(name).split(",")) await requireFree(url, name);
  }
}
await prepare();
if (!existsSync(program)) fail("Cannot start: packages/server/dist/main.js is missing.");

const child = spawn(process.execPath, [program, ...(hasFile ? [] : flags), ...given], {
  cwd: root,
  stdio: "inherit",
});
const ended = new AbortController();
if (!hasFile)
  void announceWhenReady(valueOf("listen-client-urls").split(",")[0] ?? "", ended.signal);
process.exitCode = await passSignalsUntilExit(child);
ended.abort();

/** @param {string} name */
function isGiven(name) {
  return given.some((argument) => matchesFlag(argument, name)) || variableOf(name) !== undefined;
}

/**
 * @param {string} argument
 * @param {string} name
 */
function matchesFlag(argument, name) {
  return new RegExp(`^--?${name}(=|$)`).test(argument);
}

/** @param {string} name */
function variableOf(name) {
  const suffix = name.toUpperCase().replaceAll("-", "_");
  return process.env[`ETCD_${suffix}`] || process.env[`QUORATE_${suffix}`] || undefined;
}

/**
 * @param {string} name
 * @returns {string}
 */
function valueOf(name) {
  const index = given.findIndex((argument) => matchesFlag(argument, name));
  const argument = given[index];
  if (argument === undefined) {
    return variableOf(name) ?? defaults[/** @type {keyof typeof defaults} */ (name)];
  }
  return argument.includes("=")
    ? argument.slice(argument.indexOf("=") + 1)
    : (given[index + 1] ?? "");
}

/** @param {string} directory */
function requireWritable(directory) {
  const path = isAbsolute(directory) ? directory : join(root, directory);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    fail(`Cannot start: the data directory "${path}" is not writable (${codeOf(error)}).`);
  }
}

/**
 * Binds the address for a moment, so that a busy port is reported before a minute of building.
 *
 * @param {string} url
 * @param {string} flag
 */
async function requireFree(url, flag) {
  if (!URL.canParse(url)) return;
  const { hostname, port } = new URL(url);
  if (port === "") return;
  const server = createServer();
  try {
    await new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) }, () => {
        server.close(resolve);
      });
    });
  } catch (error) {
    const reason = codeOf(error) === "EADDRINUSE" ? "in use by another program" : codeOf(error);
    fail(
      `Cannot start: ${hostname}:${port} is ${reason}; choose another with npm start -- --${flag}.`,
    );
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

/**
 * Asks the member's health page until it answers, then says what to type next.
 *
 * @param {string} clientUrl
 * @param {AbortSignal} signal - Aborted when the member has ended.
 */
async function announceWhenReady(clientUrl, signal) {
  while (!signal.aborted) {
    const isReady = await fetch(`${clientUrl}/health`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  if (signal.aborted) return;
  const endpoint = new URL(clientUrl).host;
  console.log(`
Quorate serves ${clientUrl}; its data is in ${valueOf("data-dir")}. In another terminal:

  curl ${clientUrl}/health
  curl ${clientUrl}/metrics
  etcdctl --endpoints=${endpoint} put greeting hello
  etcdctl --endpoints=${endpoint} get greeting

Ctrl-C stops the member; the data stays.
`);
}
