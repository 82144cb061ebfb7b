import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { MemberInstruments } from "@quorate/exporter";
import type { Logger } from "@quorate/platform";
import express from "express";
import { type AccessOptions, admitRequest, answerText } from "./access.ts";
import {
  type CheckName,
  type CheckResult,
  livenessChecks,
  overallHealth,
  readinessChecks,
  runChecks,
} from "./health-checks.ts";
import type { MemberHealth, MemberVersions } from "./member-health.ts";

/** Settings of a gateway. */
export interface GatewayOptions extends AccessOptions {
  /** How long a health check may take. etcd: 5 s + two election time-outs. @default 7000 */
  readonly healthTimeoutMillis: number;
}

/** The defaults of {@link GatewayOptions}. */
export const defaultGatewayOptions: GatewayOptions = {
  allowedHosts: ["*"],
  corsOrigins: [],
  healthTimeoutMillis: 7_000,
};

/** What a gateway serves. */
export interface GatewayDependencies {
  readonly health: MemberHealth;
  versions(): MemberVersions;
  /** Answers `/metrics`. */
  readonly metrics: RequestListener;
  /** Where health checks are counted. */
  readonly instruments?: HealthInstruments;
  readonly logger?: Logger;
  /**
   * Other doors by path: the JSON gateway at `/v3/`, a console. The first whose prefix fits takes
   * the request, after the Host check and with the common headers set.
   */
  readonly mounts?: readonly GatewayMount[];
}

/** See {@link GatewayDependencies.mounts}. */
export interface GatewayMount {
  /** Begins with `/`; compared as text with the path. */
  readonly prefix: string;
  readonly handle: RequestListener;
}

/** The part of the catalogue that the gateway writes. */
export type HealthInstruments = Pick<
  MemberInstruments,
  | "etcd_server_health_success"
  | "etcd_server_health_failures"
  | "etcd_server_healthcheck"
  | "etcd_server_healthchecks_total"
>;

type CheckType = "livez" | "readyz";

/**
 * Makes the HTTP door of a member: `/health`, `/livez`, `/readyz`, `/version`, `/metrics` and what
 * is mounted; anything else is 404.
 *
 * @returns A listener for `node:http`; it holds nothing that has to be closed.
 * @example
 * ```ts
 * const listener = createGateway({}, { health, versions, metrics: createMetricsHandler(registry)
 * }); http.createServer(listener).listen(0);
 * ```
 */
export function createGateway(
  options: Partial<GatewayOptions>,
  dependencies: GatewayDependencies,
): RequestListener {
  const settings = { ...defaultGatewayOptions, ...options };
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("case sensitive routing");
  app.enable("strict routing");
  app.use((request, response, next) => {
    if (admitRequest(settings, request, response)) next();
  });
  app.all("/health", getOnly(serveHealth(settings, dependencies)));
  for (const [type, names] of [
    ["livez", livenessChecks],
    ["readyz", readinessChecks],
  ] as const) {
    const serve = (checks: readonly CheckName[]): RequestListener =>
      getOnly(serveChecks(type, checks, settings, dependencies));
    app.all(`/${type}`, serve(names));
    for (const name of names) app.all(`/${type}/${name}`, serve([name]));
  }
  app.all("/version", getOnly(serveVersion(dependencies)));
  app.all("/metrics", (request, response) => dependencies.metrics(request, response));
  for (const { prefix, handle } of dependencies.mounts ?? []) {
    app.use((request, response, next) => {
      if (request.path.startsWith(prefix)) handle(request, response);
      else next();
    });
  }
  app.use((_request, response) => answerText(response, 404, "404 page not found\n"));
  app.use(answerError(dependencies.logger));
  return (request, response) => {
    app(request, response);
  };
}

function serveHealth(settings: GatewayOptions, dependencies: GatewayDependencies): AsyncListener {
  return async (request, response) => {
    const query = queryOf(request);
    const verdict = await overallHealth(
      dependencies.health,
      {
        excluded: new Set(query.getAll("exclude")),
        isSerializable: query.get("serializable") === "true",
      },
      settings.healthTimeoutMillis,
    );
    const text = JSON.stringify(verdict);
    if (verdict.health === "true") {
      dependencies.instruments?.etcd_server_health_success.add();
      answerText(response, 200, text);
      return;
    }
    dependencies.instruments?.etcd_server_health_failures.add();
    dependencies.logger?.warn("health check failed", { path: "/health", reason: verdict.reason });
    answerText(response, 503, `${text}\n`);
  };
}

function serveChecks(
  type: CheckType,
  names: readonly CheckName[],
  settings: GatewayOptions,
  dependencies: GatewayDependencies,
): AsyncListener {
  return async (request, response) => {
    const query = queryOf(request);
    const excluded = query.getAll("exclude");
    const wanted = names.filter((name) => !excluded.includes(name));
    const results = await runChecks(dependencies.health, wanted, settings.healthTimeoutMillis);
    for (const result of results) countCheck(dependencies.instruments, type, result);
    const lines = results.map(({ name, failure }) =>
      failure === undefined ? `[+]${name} ok\n` : `[-]${name} failed: ${failure}\n`,
    );
    const failed = results.filter(({ failure }) => failure !== undefined);
    if (failed.length === 0) {
      answerText(response, 200, `${query.has("verbose") ? lines.join("") : ""}ok\n`);
      return;
    }
    dependencies.logger?.warn("health check failed", {
      path: `/${type}`,
      checks: failed.map(({ name, failure }) => `${name}: ${failure ?? ""}`),
    });
    answerText(response, 503, `${lines.join("")}\n`);
  };
}

function countCheck(
  instruments: HealthInstruments | undefined,
  type: CheckType,
  { name, failure }: CheckResult,
): void {
  const isOk = failure === undefined;
  instruments?.etcd_server_healthcheck.with({ type, name }).set(isOk ? 1 : 0);
  instruments?.etcd_server_healthchecks_total
    .with({ type, name, status: isOk ? "success" : "error" })
    .add();
}

function serveVersion(dependencies: GatewayDependencies): AsyncListener {
  return (_request, response) => {
    const { server, cluster, storage } = dependencies.versions();
    const text = JSON.stringify({
      etcdserver: server,
      etcdcluster: cluster ?? "not_decided",
      storage: storage ?? "unknown",
    });
    answerText(response, 200, text, "application/json");
  };
}

type AsyncListener = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** Refuses other methods, HEAD included, as etcd does. */
function getOnly(serve: AsyncListener): AsyncListener {
  return (request, response) => {
    if (request.method === "GET") return serve(request, response);
    response.setHeader("Allow", "GET");
    answerText(response, 405, "Method Not Allowed\n");
  };
}

function queryOf(request: IncomingMessage): URLSearchParams {
  const { url = "" } = request;
  const mark = url.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
}

/** The text of an unexpected error goes to the log, never to the client. */
function answerError(logger: Logger | undefined): express.ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const status = isClientError(error) ? 400 : 500;
    if (status === 500)
      logger?.error("request failed", { path: request.path, error: String(error) });
    if (response.headersSent) response.destroy();
    else answerText(response, status, status === 400 ? "Bad Request\n" : "Internal Server Error\n");
  };
}

/** Such as a path whose percent-encoding is broken. */
function isClientError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const status: unknown = Reflect.get(error, "status");
  return typeof status === "number" && status >= 400 && status < 500;
}
