import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { RuntimeError } from '../runtime-contract.ts';
import { ImageServiceDefinition, type MessageFns, RuntimeServiceDefinition } from './cri/api.ts';

/** Calls of a CRI endpoint: one function over both services' generated tables. */
export interface Connection {
  call<Q, R>(method: Method<Q, R>, request: Q, timeoutMs?: number): Promise<R>;
  close(): void;
}

interface Method<Q, R> {
  readonly name: string;
  readonly requestType: MessageFns<Q>;
  readonly responseType: MessageFns<R>;
}

/** Kubelet's --runtime-request-timeout. */
export const REQUEST_TIMEOUT_MS = 120_000;
/** Logs of `execSync` and long lists outgrow gRPC's 4 MiB; the limit is the kubelet's (maxMsgSize in cri-client). */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** `socket` is a path. Connects on the first call, and again after the runtime was restarted. */
export function connect(socket: string): Connection {
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), {
    // containerd refuses the authority that grpc-js derives from a socket's path.
    'grpc.default_authority': 'localhost',
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_reconnect_backoff_ms': 1_000,
    'grpc.initial_reconnect_backoff_ms': 100,
  });
  return {
    call: (method, request, timeoutMs = REQUEST_TIMEOUT_MS) => unary(client, method, request, timeoutMs),
    close: () => client.close(),
  };
}

function unary<Q, R>(client: Client, method: Method<Q, R>, request: Q, timeoutMs: number): Promise<R> {
  const encode = (message: Q) => Buffer.from(method.requestType.encode(message).finish());
  // gRPC deadlines are absolute; grpc-js takes a Date, and compares it with the same clock.
  const options = timeoutMs > 0 ? { deadline: new Date(performance.timeOrigin + performance.now() + timeoutMs) } : {};
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(pathOf(method), encode, method.responseType.decode, request, options, (error, response) => {
      if (error) reject(runtimeError(error));
      else if (response === undefined) reject(new RuntimeError('Unknown', `${method.name} was answered with nothing`));
      else resolve(response);
    });
  });
}

const imageMethods = new Set<string>(Object.values(ImageServiceDefinition.methods).map((m) => m.name));

function pathOf(method: Method<any, any>): string {
  const service = imageMethods.has(method.name) ? ImageServiceDefinition : RuntimeServiceDefinition;
  return `/${service.fullName}/${method.name}`;
}

/** gRPC's SCREAMING_CASE as Go spells its codes: NOT_FOUND → NotFound. */
function runtimeError(error: ServiceError): RuntimeError {
  const words = (status[error.code] ?? 'UNKNOWN').toLowerCase().split('_');
  const code = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return new RuntimeError(code, error.details || error.message, { cause: error });
}

/** The value, or undefined where the runtime knows no such thing. */
export async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RuntimeError && error.code === 'NotFound') return undefined;
    throw error;
  }
}
