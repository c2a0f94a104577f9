import type { Runtime, RuntimeStatus, RuntimeVersion } from '../runtime-contract.ts';
import { commandCalls } from './command-calls.ts';
import { type Connection, connect } from './connection.ts';
import { containerCalls } from './container-calls.ts';
import { RuntimeServiceDefinition } from './cri/api.ts';
import { imageCalls } from './image-calls.ts';
import { sandboxCalls } from './sandbox-calls.ts';
import { statsCalls } from './stats-calls.ts';

const methods = RuntimeServiceDefinition.methods;

/** A container runtime over CRI v1. containerd 1.6 has no GetContainerEvents, so `containerEvents` is absent: poll. */
export function criRuntime(socket: string): Runtime & { close(): void } {
  const connection = connect(socket);
  return {
    version: () => version(connection),
    status: () => status(connection),
    ...sandboxCalls(connection),
    ...containerCalls(connection),
    ...commandCalls(connection),
    ...statsCalls(connection),
    ...imageCalls(connection),
    close: () => connection.close(),
  };
}

async function version(connection: Connection): Promise<RuntimeVersion> {
  const answer = await connection.call(methods.version, { version: '' });
  const { runtimeName = '', runtimeVersion = '', runtimeApiVersion = '' } = answer;
  return { runtimeName, runtimeVersion, runtimeApiVersion };
}

async function status(connection: Connection): Promise<RuntimeStatus> {
  const answer = await connection.call(methods.status, { verbose: false });
  const conditions = answer.status?.conditions ?? [];
  return {
    conditions: conditions.map(({ type = '', status = false, reason = '', message = '' }) => ({
      type,
      status,
      reason,
      message,
    })),
  };
}
