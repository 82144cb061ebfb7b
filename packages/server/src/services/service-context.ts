import type { ResponseHeaderInit } from "@quorate/api";
import type { Clock, Logger, Random, Timers } from "@quorate/platform";
import type { Member } from "../member/member.ts";
import { HeaderEncoder } from "./header.ts";

/** Settings that services judge requests by. */
export interface ServiceOptions {
  /** Largest request that enters the log, in bytes. */
  readonly requestBytesMax: number;
  readonly transactionOperationsMax: number;
  /** Undefined: no limit. */
  readonly quotaBytes: number | undefined;
  readonly heartbeatMillis: number;
  readonly electionTimeoutMillis: number;
  readonly watchProgressMillis: number;
  /** Bytes that wait for a slow client before its watchers are parked (W11, S10). */
  readonly watchBufferBytes: number;
  /** Version that this server tells clients, as `3.7.1`. */
  readonly version: string;
}

/** What every service works with. */
export interface ServiceContext {
  readonly member: Member;
  readonly options: ServiceOptions;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly headers: HeaderEncoder;
}

/** The header of an answer: this member, its term, the store's revision or the one given. */
export function headerOf(
  { member }: ServiceContext,
  revision: number = member.state.store.currentRevision,
): ResponseHeaderInit {
  const { clusterId, memberId, term } = member;
  return { clusterId, memberId, revision, raftTerm: term };
}

/** Makes the encoder of headers for a member. */
export function createHeaderEncoder(member: Member): HeaderEncoder {
  return new HeaderEncoder({ clusterId: member.clusterId, memberId: member.memberId });
}
