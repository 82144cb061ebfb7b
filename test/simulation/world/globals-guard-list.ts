/**
 * Every way out of a simulation that a module has without asking a driver: real time and timers,
 * chance, files, sockets, processes, threads, and what depends on how busy this machine is (D1).
 *
 * Pure functions of the same modules stay: `net.isIP`, `crypto.createHash`, `zlib.deflateSync`.
 */
import childProcess from "node:child_process";
import cluster from "node:cluster";
import crypto from "node:crypto";
import dgram from "node:dgram";
import dns from "node:dns";
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import os from "node:os";
import perfHooks from "node:perf_hooks";
import process from "node:process";
import timers from "node:timers";
import timersPromises from "node:timers/promises";
import tls from "node:tls";
import v8 from "node:v8";
import workerThreads from "node:worker_threads";
import zlib from "node:zlib";

/** Members of one object that are forbidden. */
export interface ForbiddenMembers {
  readonly owner: object;
  /** What a failure says before the name, such as `Math.`. */
  readonly prefix: string;
  readonly names: readonly string[];
}

/** All that is forbidden, but what needs more than a throw: see `globals-guard.ts`. */
export function forbiddenMembers(): readonly ForbiddenMembers[] {
  return [...languageMembers(), ...clockMembers(), ...chanceMembers(), ...moduleMembers()];
}

/** These names, where this Node has them. */
function only(owner: object, prefix: string, names: string): ForbiddenMembers {
  return { owner, prefix, names: names.split(" ").filter((name) => name in owner) };
}

/** Every function of a module but the pure ones, also those that a newer Node adds. */
function allOf(owner: object, prefix: string, pure: string = ""): ForbiddenMembers {
  const kept = new Set(pure.split(" "));
  const names = Object.entries(Object.getOwnPropertyDescriptors(owner))
    .filter(([name, { value }]) => typeof value === "function" && !kept.has(name))
    .map(([name]) => name);
  return { owner, prefix, names };
}

function languageMembers(): readonly ForbiddenMembers[] {
  return [
    only(globalThis, "", "setTimeout setInterval setImmediate fetch WebSocket EventSource"),
    only(globalThis, "", "MessageChannel BroadcastChannel"),
    // When garbage is collected is chance.
    only(globalThis, "", "WeakRef FinalizationRegistry"),
    only(Math, "Math.", "random"),
    only(Atomics, "Atomics.", "wait waitAsync"),
    only(AbortSignal, "AbortSignal.", "timeout"),
  ];
}

function clockMembers(): readonly ForbiddenMembers[] {
  const measures = "now timeOrigin nodeTiming eventLoopUtilization mark measure timerify toJSON";
  const load = "cpuUsage resourceUsage memoryUsage availableMemory constrainedMemory";
  const heap = "getHeapStatistics getHeapSpaceStatistics getHeapSnapshot writeHeapSnapshot";
  return [
    only(toPrototype(performance), "performance.", measures),
    only(process, "process.", `hrtime uptime kill getActiveResourcesInfo ${load}`),
    only(process.hrtime, "process.hrtime.", "bigint"),
    only(process.memoryUsage, "process.memoryUsage.", "rss"),
    only(perfHooks, "node:perf_hooks ", "monitorEventLoopDelay PerformanceObserver"),
    only(v8, "node:v8 ", heap),
  ];
}

function chanceMembers(): readonly ForbiddenMembers[] {
  const random = "randomBytes pseudoRandomBytes prng rng randomInt randomUUID";
  const keys = "generateKey generateKeySync generateKeyPair generateKeyPairSync";
  const primes = "generatePrime generatePrimeSync checkPrime";
  const exchange = "createDiffieHellman createDiffieHellmanGroup getDiffieHellman createECDH";
  // Their padding or their nonces are drawn.
  const padded = "sign createSign publicEncrypt";
  // Ready when a thread of the pool is.
  const pooled = "pbkdf2 scrypt hkdf";
  return [
    only(crypto, "node:crypto ", `${random} randomFill randomFillSync`),
    only(crypto, "node:crypto ", `${keys} ${primes} ${exchange} ${padded} ${pooled}`),
    only(toPrototype(globalThis.crypto), "crypto.", "randomUUID getRandomValues"),
    allOf(toPrototype(crypto.subtle), "crypto.subtle.", "constructor"),
  ];
}

function moduleMembers(): readonly ForbiddenMembers[] {
  const ofWorkers = "Worker MessageChannel BroadcastChannel receiveMessageOnPort";
  // Nobody in a simulation can open one; reporters of tests go on to write to theirs.
  const ofOpenFiles = "write writeSync writev writevSync close closeSync fsync fsyncSync";
  const packers = "deflate inflate gzip gunzip unzip deflateRaw inflateRaw";
  const brotli = "brotliCompress brotliDecompress createBrotliCompress createBrotliDecompress";
  const streams = "createDeflate createInflate createGzip createGunzip createUnzip";
  return [
    only(timers, "node:timers ", "setTimeout setInterval setImmediate"),
    allOf(timersPromises, "node:timers/promises "),
    allOf(toPrototype(timersPromises.scheduler), "scheduler.", "constructor"),
    allOf(fs, "node:fs ", `Stats Dirent ${ofOpenFiles}`),
    allOf(fs.promises, "node:fs/promises "),
    allOf(net, "node:net ", "isIP isIPv4 isIPv6 BlockList SocketAddress"),
    // Whoever has kept the class connects with it as well.
    only(net.Socket.prototype, "net.Socket ", "connect"),
    only(net.Server.prototype, "net.Server ", "listen"),
    allOf(dgram, "node:dgram "),
    allOf(dns, "node:dns "),
    allOf(dns.promises, "node:dns/promises "),
    allOf(tls, "node:tls ", "checkServerIdentity convertALPNProtocols"),
    allOf(http, "node:http ", "validateHeaderName validateHeaderValue"),
    allOf(https, "node:https "),
    allOf(http2, "node:http2 ", "getDefaultSettings getPackedSettings getUnpackedSettings"),
    allOf(childProcess, "node:child_process "),
    allOf(os, "node:os "),
    only(cluster, "node:cluster ", "fork"),
    only(workerThreads, "node:worker_threads ", ofWorkers),
    only(zlib, "node:zlib ", `${packers} ${brotli} ${streams} createDeflateRaw createInflateRaw`),
  ];
}

function toPrototype(value: object): object {
  return Object.getPrototypeOf(value) as object;
}
