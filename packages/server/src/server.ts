/** Joins a member, its peers, its services and its doors into one running server. */
import type { Server } from "node:http";
import { services } from "@quorate/api";
import type { RpcMethodName } from "@quorate/exporter";
import { GrpcJsServer, Http2RpcServer, PortServer, type RefusedReason } from "@quorate/grpc";
import { NodeClock, NodeRandom, NodeTimers, type Logger } from "@quorate/platform";
import type { ServerOptions } from "./config/options.ts";
import { AutoCompactor } from "./member/auto-compactor.ts";
import { Member } from "./member/member.ts";
import type { MemberTiming } from "./member/member-timing.ts";
import type { OpenedStorage } from "./member/storage.ts";
import { openNodeStorage } from "./node/node-storage.ts";
import { collectMember, countLostLines, createNodeMetrics } from "./node/node-metrics.ts";
import type { NodeSurroundings } from "./node/surroundings.ts";
import { identify, JoinError } from "./join.ts";
import { listenAddresses } from "./listen-address.ts";
import { SocketPeerTransport } from "./peer/socket-peer-transport.ts";
import { Publisher } from "./publish.ts";
import { compactThroughLog } from "./services/compaction.ts";
import { createHttpServer } from "./http.ts";
import { createMethods } from "./services/methods.ts";
import { OpenStreams } from "./services/open-streams.ts";
import { createHeaderEncoder, type ServiceContext } from "./services/service-context.ts";
import { protocolVersion } from "./version.ts";

/** A server that runs. */
export interface RunningServer {
  readonly member: Member;
  /** Where clients are served, as URLs, with the ports in use. */
  readonly clientUrls: readonly string[];
  /** Resolves when the cluster knows this member and has a leader. */
  readonly ready: Promise<void>;
  /** Hands leadership over, lets calls finish, closes everything. Idempotent. */
  close(): Promise<void>;
}

/** What ends a server from within. */
export interface ServerEvents {
  /** Something broke: the process must end at once (B3). */
  onFatal(error: unknown): void;
  /** This member was removed from its cluster. */
  onRemoved(): void;
}

/** A logger; one that drops lines rather than wait for their reader says how many (B23). */
export interface ServerLogger extends Logger {
  status?(): { readonly droppedLines: number };
}

type ClientServer = Http2RpcServer | GrpcJsServer;

/** How long calls may take to finish when the server closes. */
const drainMillis = 5_000;

/** Starts a server. @throws errors whose message says what the operator must change. */
export async function startServer(
  options: ServerOptions,
  logger: ServerLogger,
  events: ServerEvents,
): Promise<RunningServer> {
  const surroundings: NodeSurroundings = {
    clock: new NodeClock(),
    timers: new NodeTimers(),
    random: new NodeRandom(),
    logger,
    metrics: createNodeMetrics(allMethodNames(), options.member.hasExtensiveMetrics),
  };
  countLostLines(surroundings.metrics, () => logger.status?.().droppedLines ?? 0);
  const storage = await openNodeStorage(
    options.member,
    (isNew) => identify(options, isNew, surroundings),
    surroundings,
    (error) => {
      events.onFatal(error);
    },
  );
  try {
    checkNotRemoved(storage, options.member.dataDirectory);
    return await startOn(storage, options, surroundings, events);
  } catch (error) {
    await storage.close();
    throw error;
  }
}

async function startOn(
  storage: OpenedStorage,
  options: ServerOptions,
  surroundings: NodeSurroundings,
  events: ServerEvents,
): Promise<RunningServer> {
  const { metrics, logger } = surroundings;
  let transport: SocketPeerTransport | undefined;
  const member = new Member(timingOf(options), {
    ...{ ...surroundings, storage, meter: metrics.member },
    onFatal: (error) => {
      events.onFatal(error);
    },
    onRemoved: () => {
      events.onRemoved();
    },
    createTransport: (handler) => {
      const { clusterId, memberId } = storage;
      const meter = metrics.peers(memberId.toString(16));
      transport = new SocketPeerTransport(
        {
          ...{ clusterId, memberId },
          peerUrls: () =>
            storage.state.members.get(memberId)?.peerUrls ?? options.member.advertisePeerUrls,
        },
        { ...surroundings, handler, meter },
      );
      return transport;
    },
  });
  for (const url of options.member.listenPeerUrls) await transport?.listen(url);
  collectMember(metrics, member, options.member.quotaBytes);
  const context = contextOf(member, options, surroundings);
  const doors = await Doors.open(context, options, surroundings);
  member.start();
  const publisher = new Publisher(
    member,
    { name: options.member.name, clientUrls: options.member.advertiseClientUrls },
    surroundings,
  );
  const compactor = createCompactor(context, options, surroundings);
  const ready = publisher.publish();
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    compactor.close();
    publisher.close();
    doors.stopListening();
    await handOver(member, options.cluster.electionTimeoutMillis);
    await doors.close();
    await member.close();
    await storage.close();
    metrics.close();
    logger.info("closed server");
  };
  return { member, clientUrls: doors.clientUrls, ready, close: () => (closing ??= close()) };
}

/** Where clients come in: gRPC and HTTP on the client ports, HTTP on the metrics ports. */
class Doors {
  readonly clientUrls: readonly string[];
  readonly #streams: OpenStreams;
  readonly #rpc: ClientServer;
  readonly #http: Server;
  readonly #ports: readonly PortServer[];

  private constructor(
    clientUrls: readonly string[],
    streams: OpenStreams,
    rpc: ClientServer,
    http: Server,
    ports: readonly PortServer[],
  ) {
    this.#streams = streams;
    this.clientUrls = clientUrls;
    this.#rpc = rpc;
    this.#http = http;
    this.#ports = ports;
  }

  /** Listens on all URLs. @throws ListenError for one that cannot be used. */
  static async open(
    context: ServiceContext,
    options: ServerOptions,
    surroundings: NodeSurroundings,
  ): Promise<Doors> {
    const streams = new OpenStreams(context);
    const rpc = createRpcServer(context, streams, options, surroundings);
    const http = createHttpServer(context, surroundings.metrics, options.member.hostAllowList);
    const { instruments, registry } = surroundings.metrics;
    registry.onCollect(() => {
      instruments.quorate_grpc_connections.set(rpc.connectionCount);
      instruments.quorate_watch_buffered_bytes.set(streams.watchBufferedBytes);
    });
    const onRefused = (reason: RefusedReason): void => {
      instruments.quorate_connections_refused_total.with({ reason }).add();
    };
    const ports: PortServer[] = [];
    const clientUrls: string[] = [];
    try {
      for (const address of listenAddresses(options.member.listenClientUrls)) {
        const port = new PortServer({ address }, { rpc, http, onRefused });
        clientUrls.push(urlOf(await port.listen()));
        ports.push(port);
      }
      for (const address of listenAddresses(options.member.listenMetricsUrls)) {
        const port = new PortServer({ address }, { http, onRefused });
        await port.listen();
        ports.push(port);
      }
    } catch (error) {
      await Promise.all(ports.map((port) => port.close()));
      throw error;
    }
    return new Doors(clientUrls, streams, rpc, http, ports);
  }

  stopListening(): void {
    for (const port of this.#ports) port.stopListening();
  }

  async close(): Promise<void> {
    this.#streams.close();
    await this.#rpc.close(drainMillis);
    this.#http.closeAllConnections();
    await Promise.all(this.#ports.map((port) => port.close()));
  }
}

function createCompactor(
  context: ServiceContext,
  { member: { autoCompaction } }: ServerOptions,
  surroundings: NodeSurroundings,
): AutoCompactor {
  const { member } = context;
  const target = {
    get isLeader() {
      return member.isLeader;
    },
    get currentRevision() {
      return member.state.store.currentRevision;
    },
    compact: (revision: number) => compactThroughLog(context, revision),
  };
  return new AutoCompactor(autoCompaction, target, surroundings);
}

/** Gives leadership to a connected voter, so that the others need no election. */
async function handOver(member: Member, timeoutMillis: number): Promise<void> {
  const { configuration, leadership } = member.status();
  const [best] = (leadership?.followers ?? [])
    .filter(({ id, isRecentlyActive }) => configuration.voters.includes(id) && isRecentlyActive)
    .sort((a, b) => b.matchIndex - a.matchIndex);
  if (best === undefined || member.transferLeadership(best.id).kind === "dropped") return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, timeoutMillis);
    const stop = member.onSoftState(({ role }) => {
      if (role !== "leader") done();
    });
    function done(): void {
      clearTimeout(timer);
      stop();
      resolve();
    }
  });
}

function createRpcServer(
  context: ServiceContext,
  streams: OpenStreams,
  { cluster, member }: ServerOptions,
  { metrics, logger }: NodeSurroundings,
): ClientServer {
  const Transport = member.grpcTransport === "native" ? Http2RpcServer : GrpcJsServer;
  const rpc = new Transport(
    {
      maxRequestBytes: cluster.requestBytesMax + 512 * 1024,
      maxConcurrentStreams: member.concurrentStreamsMax,
      pingIntervalMinMillis: member.keepaliveMinMillis,
      keepaliveTimeMillis: member.keepaliveIntervalMillis,
      keepaliveTimeoutMillis: member.keepaliveTimeoutMillis,
    },
    {
      observer: metrics.rpcObserver,
      onHandlerError: (path, error) => {
        metrics.instruments.quorate_handler_errors_total.add();
        logger.error("request handler failed", { method: path, error: String(error) });
      },
    },
  );
  for (const method of createMethods(context, streams)) rpc.addMethod(method);
  return rpc;
}

function contextOf(
  member: Member,
  options: ServerOptions,
  surroundings: NodeSurroundings,
): ServiceContext {
  const { cluster } = options;
  return {
    ...surroundings,
    member,
    headers: createHeaderEncoder(member),
    options: {
      requestBytesMax: cluster.requestBytesMax,
      transactionOperationsMax: cluster.transactionOperationsMax,
      quotaBytes: options.member.quotaBytes,
      heartbeatMillis: cluster.heartbeatMillis,
      electionTimeoutMillis: cluster.electionTimeoutMillis,
      watchProgressMillis: options.member.watchProgressMillis,
      watchBufferBytes: 1024 * 1024,
      version: protocolVersion,
    },
  };
}

function timingOf({ cluster, member }: ServerOptions): MemberTiming {
  return {
    tickMillis: cluster.heartbeatMillis,
    electionTicks: Math.floor(cluster.electionTimeoutMillis / cluster.heartbeatMillis),
    isPreVote: cluster.isPreVote,
    isElectionHastened: member.isInitialElectionTickAdvance,
    requestTimeoutMillis: 5_000 + 2 * cluster.electionTimeoutMillis,
    snapshotCount: member.snapshotCount,
    catchupEntries: member.snapshotCatchupEntries,
    logBytesMax: 64 * 1024 * 1024,
    warningApplyMillis: member.warningApplyMillis,
    isStrictReconfigCheck: cluster.isStrictReconfigCheck,
    learnersMax: cluster.learnersMax,
  };
}

/** A removed member never comes back under its id (M3). */
function checkNotRemoved({ state, memberId }: OpenedStorage, dataDirectory: string): void {
  if (!state.members.isRemoved(memberId)) return;
  throw new JoinError(
    `Cannot start from "${dataDirectory}": member ${memberId.toString(16)} was removed from the ` +
      "cluster; add it anew and start with an empty directory",
  );
}

function urlOf(address: Awaited<ReturnType<PortServer["listen"]>>): string {
  if (address.kind === "unix") return `unix://${address.path}`;
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `http://${host}:${address.port}`;
}

function allMethodNames(): readonly RpcMethodName[] {
  const { kv, watch, lease, cluster, auth, maintenance, health } = services;
  const names: RpcMethodName[] = [];
  for (const service of [kv, watch, lease, cluster, auth, maintenance, health]) {
    const methods: Readonly<Record<string, RpcMethodName>> = service;
    for (const { path, kind } of Object.values(methods)) names.push({ path, kind });
  }
  return names;
}
