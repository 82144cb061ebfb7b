import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { parseInstance, type Client, type Instance } from "@quorate/client";
import type { Clock, Logger } from "@quorate/platform";
import express, { type Request, type Response } from "express";
import { type Instruments, MetricRegistry } from "../metric-registry.ts";
import { createMetricsHandler } from "../metrics-handler.ts";
import { ClusterPoller } from "./cluster-poller.ts";
import { type Candidate, toCandidate, viewElection } from "./election-view.ts";
import { exporterCatalogue } from "./exporter-catalogue.ts";
import type { ExporterOptions } from "./exporter-options.ts";
import { parseTargetQuery, targetGroups } from "./http-sd.ts";
import { PrefixMirror } from "./prefix-mirror.ts";

/** What an {@link ExporterProcess} needs. */
export interface ExporterDependencies {
  /** Stays the caller's: closing the exporter does not close it. */
  readonly client: Client;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The standalone exporter: follows registry and elections, polls members, serves it by HTTP.
 *
 * @example
 * ```ts
 * const exporter = new ExporterProcess(options, { client, clock, logger });
 * console.log(await exporter.start());
 * await exporter.close();
 * ```
 */
export class ExporterProcess {
  readonly #options: ExporterOptions;
  readonly #registry = new MetricRegistry();
  readonly #instruments: Instruments<typeof exporterCatalogue>;
  readonly #services: PrefixMirror<Instance | undefined>;
  readonly #elections: ReadonlyMap<string, PrefixMirror<Candidate>>;
  readonly #poller: ClusterPoller;
  readonly #server: Server;

  constructor(options: ExporterOptions, dependencies: ExporterDependencies) {
    this.#options = options;
    this.#instruments = this.#registry.add(exporterCatalogue);
    const { registryPrefix, pollMillis } = options;
    this.#services = new PrefixMirror(
      {
        prefix: registryPrefix,
        parse: (kv) => {
          const row = parseInstance(kv.keyText().slice(registryPrefix.length), kv.text());
          return "instance" in row ? row.instance : undefined;
        },
        probeMillis: pollMillis,
      },
      dependencies,
    );
    this.#elections = new Map(
      options.elections.map((name) => [
        name,
        new PrefixMirror(
          { prefix: `${name}/`, parse: toCandidate, probeMillis: pollMillis },
          dependencies,
        ),
      ]),
    );
    this.#poller = new ClusterPoller(pollMillis, {
      ...dependencies,
      instruments: this.#instruments,
    });
    this.#registry.onCollect(() => this.#collect());
    this.#server = createServer(this.#createApp());
  }

  /**
   * Begins to watch and to listen.
   *
   * @returns The address that was bound.
   * @throws The system's error, such as EADDRINUSE.
   */
  async start(): Promise<AddressInfo> {
    const { listenHost, listenPort } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(
        { port: listenPort, ...(listenHost !== "" && { host: listenHost }) },
        resolve,
      );
    });
    this.#services.start();
    for (const election of this.#elections.values()) election.start();
    this.#poller.start();
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening on a port");
    return address;
  }

  /** Stops to listen, then to watch. Idempotent. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    const mirrors = [this.#services, ...this.#elections.values()];
    await Promise.all([this.#poller.close(), ...mirrors.map((mirror) => mirror.close())]);
  }

  #createApp(): express.Express {
    const app = express();
    app.disable("x-powered-by");
    app.disable("etag");
    app.use((_request, response, next) => {
      response.set("X-Content-Type-Options", "nosniff");
      next();
    });
    const metrics = createMetricsHandler(this.#registry);
    app.all("/metrics", (request, response) => metrics(request, response));
    app.get("/sd", (request, response) => this.#serveTargets(request, response));
    app.get("/livez", (_request, response) => answer(response, 200, "ok\n"));
    app.get("/readyz", (_request, response) => {
      const problem = this.#registryProblem();
      if (problem === undefined) answer(response, 200, "ok\n");
      else answer(response, 503, `${problem}\n`);
    });
    app.use((_request, response) => answer(response, 404, "404 page not found\n"));
    return app;
  }

  /** Why the registry cannot be served now; undefined when it can. */
  #registryProblem(): string | undefined {
    const ageMillis = this.#services.ageMillis();
    if (ageMillis <= this.#options.stalenessLimitMillis) return undefined;
    if (ageMillis === Infinity) return "The registry was not read yet.";
    return `The registry was last known to be right ${Math.round(ageMillis / 1_000)} s ago.`;
  }

  /**
   * Answers Prometheus. It keeps its targets when the answer is an error and drops them when the
   * list is empty, so the list is empty only when the registry is known and is.
   */
  #serveTargets(request: Request, response: Response): void {
    const count = (code: "200" | "304" | "400" | "503"): void => {
      this.#instruments.quorate_exporter_sd_requests_total.with({ code }).add();
    };
    const parsed = parseTargetQuery(new URL(request.originalUrl, "http://exporter").searchParams);
    if (parsed.kind === "invalid") {
      count("400");
      answer(response, 400, `${parsed.problem}\n`);
      return;
    }
    const problem = this.#registryProblem();
    if (problem !== undefined) {
      count("503");
      answer(response, 503, `${problem}\n`);
      return;
    }
    const records = [...this.#services.rows.values()].filter((row) => row !== undefined);
    const body = JSON.stringify(targetGroups(records, parsed.query));
    const tag = `"${createHash("sha256").update(body).digest("base64url")}"`;
    response.set({ ETag: tag, "Cache-Control": "no-cache" });
    if (request.headers["if-none-match"] === tag) {
      count("304");
      response.status(304).end();
      return;
    }
    count("200");
    response.set("Content-Type", "application/json; charset=utf-8").send(body);
  }

  #collect(): void {
    const { stalenessLimitMillis } = this.#options;
    const instruments = this.#instruments;
    const ageMillis = this.#services.ageMillis();
    instruments.quorate_exporter_registry_up.set(ageMillis <= stalenessLimitMillis ? 1 : 0);
    instruments.quorate_exporter_registry_age_seconds.set(ageMillis / 1_000);
    const instances = instruments.quorate_exporter_registry_instances;
    instances.clear();
    let invalid = 0;
    for (const record of this.#services.rows.values()) {
      if (record === undefined) invalid += 1;
      else instances.with({ service: record.service }).shift(1);
    }
    instruments.quorate_exporter_registry_invalid_rows.set(invalid);
    instruments.quorate_exporter_election_holder_info.clear();
    for (const [election, mirror] of this.#elections) {
      const { candidates, term, holder } = viewElection(mirror.rows);
      instruments.quorate_exporter_election_candidates.with({ election }).set(candidates);
      instruments.quorate_exporter_election_term.with({ election }).set(term);
      instruments.quorate_exporter_election_age_seconds
        .with({ election })
        .set(mirror.ageMillis() / 1_000);
      if (holder !== undefined) {
        instruments.quorate_exporter_election_holder_info.with({ election, holder }).set(1);
      }
    }
  }
}

function answer(response: Response, status: number, text: string): void {
  response.status(status).type("text/plain; charset=utf-8").send(text);
}
