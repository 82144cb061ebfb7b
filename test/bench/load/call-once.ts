import { prefixed, type GrpcConnection } from "./grpc-connection.ts";

/**
 * Calls a unary method and returns a copy of its answer.
 *
 * @throws Error with the status when that is not OK.
 */
export function callOnce(
  connection: GrpcConnection,
  path: string,
  request: Uint8Array,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let answer = Buffer.alloc(0);
    connection.call(path, prefixed(request), {
      onMessage: (bytes, begin, end) => {
        answer = Buffer.from(bytes.subarray(begin, end));
      },
      onEnd: (status) => {
        if (status === 0) resolve(answer);
        else reject(new Error(`Cannot call ${path}: status ${status}`));
      },
    });
  });
}
