import { GrpcServerError } from "../errors.ts";

/**
 * A header block breaks RFC 7541. The tables of both sides may differ from here on, so the
 * connection has to end (COMPRESSION_ERROR of RFC 9113, 4.3).
 */
export class HpackError extends GrpcServerError {
  override readonly name = "HpackError";
  override readonly code = "header-compression";
  /** Byte of the block at which the fault was found. */
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(`Cannot decode header block at byte ${offset}: ${what}`);
    this.offset = offset;
  }
}
