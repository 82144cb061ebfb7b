/** Base of the errors of this package. */
export abstract class GrpcServerError extends Error {
  abstract readonly code: string;
}

/** An option of a server is outside its range; the message names all that are. */
export class InvalidOptionsError extends GrpcServerError {
  override readonly name = "InvalidOptionsError";
  override readonly code = "invalid-options";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot create server: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/**
 * A port or socket path cannot be listened on; `errno` is the system's code such as `EADDRINUSE`.
 */
export class ListenError extends GrpcServerError {
  override readonly name = "ListenError";
  override readonly code = "cannot-listen";
  readonly address: string;
  readonly errno: string;

  constructor(address: string, errno: string, cause?: unknown) {
    super(`Cannot listen on "${address}": ${listenReasons[errno] ?? errno}`, { cause });
    this.address = address;
    this.errno = errno;
  }
}

/** The installed `@grpc/grpc-js` is not the version this package was written for. */
export class UnsupportedLibraryError extends GrpcServerError {
  override readonly name = "UnsupportedLibraryError";
  override readonly code = "unsupported-library";

  constructor(missing: string) {
    super(`Cannot use @grpc/grpc-js: "${missing}" is missing, expected version 1.14.7`);
  }
}

const listenReasons: Readonly<Record<string, string | undefined>> = {
  EADDRINUSE: "another process uses this address (EADDRINUSE)",
  EACCES: "this user is not allowed to use it (EACCES)",
  EADDRNOTAVAIL: "no network interface of this machine has this address (EADDRNOTAVAIL)",
  ENOTFOUND: "the host name does not resolve (ENOTFOUND)",
  EMFILE: "the process is at its limit of open files (EMFILE)",
  ENOENT: "the folder of the socket does not exist (ENOENT)",
  EINVAL: "the socket path is too long or not valid (EINVAL)",
};
