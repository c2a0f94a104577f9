import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { Outcome } from './run-probe.ts';

/** grpc.health.v1 HealthCheckResponse.ServingStatus. */
const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const CHECK = '/grpc.health.v1.Health/Check';

/** The gRPC health checking protocol. Source: pkg/probe/grpc. */
export function grpcProbe(
  host: string,
  port: number,
  service: string,
  timeoutMs: number,
  nowMs: number,
): Promise<Outcome> {
  const client = new Client(`${host.includes(':') ? `[${host}]` : host}:${port}`, credentials.createInsecure());
  return new Promise<Outcome>((resolve) => {
    const deadline = { deadline: nowMs + timeoutMs };
    client.makeUnaryRequest(CHECK, encodeRequest, decodeStatus, service, deadline, (error, serving) => {
      resolve(error ? explain(error, service, timeoutMs) : judge(serving));
    });
  }).finally(() => client.close());
}

function judge(serving: number | undefined): Outcome {
  if (serving === 1) return { result: 'success', output: 'service healthy' };
  const word = SERVING_STATUS[serving ?? 0] ?? String(serving);
  return { result: 'failure', output: `service unhealthy (responded with "${word}")` };
}

function explain(error: ServiceError, service: string, timeoutMs: number): Outcome {
  if (error.code === status.UNIMPLEMENTED) {
    const output = `error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ${error.details}`;
    return { result: 'failure', output };
  }
  if (error.code === status.DEADLINE_EXCEEDED) {
    const output = `timeout: health rpc did not complete within ${timeoutMs / 1000}s`;
    return { result: 'failure', output };
  }
  const output = `error: health rpc probe failed for service "${service}": ${error.details}`;
  return { result: 'failure', output };
}

/** HealthCheckRequest { string service = 1 }: two field bytes and the text (protobuf encoding guide). */
function encodeRequest(service: string): Buffer {
  if (!service) return Buffer.alloc(0);
  const text = Buffer.from(service);
  return Buffer.concat([Buffer.from([0x0a, ...varint(text.length)]), text]);
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)];
}

/** HealthCheckResponse { ServingStatus status = 1 }; an absent field is 0. */
function decodeStatus(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0;
}
