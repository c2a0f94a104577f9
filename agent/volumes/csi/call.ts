import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { VolumeError } from '../payload.ts';

/** A service and a method of the generated tables. */
interface Service {
  readonly fullName: string;
}
interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}
interface Method<Q, R> {
  readonly name: string;
  readonly requestType: Codec<Q>;
  readonly responseType: Codec<R>;
}

/** kubelet's csiTimeout: a driver may format a disk. */
const TIMEOUT_MS = 120_000;

/** One call over a driver's socket. The connection ends with it: drivers come and go, and are seldom asked. */
export function callSocket<Q, R>(socket: string, service: Service, method: Method<Q, R>, request: Q): Promise<R> {
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), { 'grpc.default_authority': 'localhost' });
  const encode = (message: Q) => Buffer.from(method.requestType.encode(message).finish());
  const decode = (bytes: Buffer) => method.responseType.decode(bytes);
  const deadline = new Date(performance.timeOrigin + performance.now() + TIMEOUT_MS);
  const path = `/${service.fullName}/${method.name}`;
  return new Promise<R>((resolve, reject) => {
    client.makeUnaryRequest(path, encode, decode, request, { deadline }, (error, response) => {
      if (error) reject(rpcError(error));
      else resolve(response as R);
    });
  }).finally(() => client.close());
}

/** As grpc-go prints it: `rpc error: code = NotFound desc = ...`. */
function rpcError(error: ServiceError): VolumeError {
  const words = (status[error.code] ?? 'UNKNOWN').toLowerCase().split('_');
  const code = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return new VolumeError(`rpc error: code = ${code} desc = ${error.details || error.message}`, { cause: error });
}
