import type * as runtime from '../runtime-contract.ts';
import { type Connection, REQUEST_TIMEOUT_MS } from './connection.ts';
import * as cri from './cri/api.ts';

const methods = cri.RuntimeServiceDefinition.methods;

/** Running commands in containers: synchronously, or as a URL of the runtime's streaming server. */
export function commandCalls(
  connection: Connection,
): Pick<runtime.Runtime, 'execSync' | 'exec' | 'attach' | 'portForward'> {
  return {
    async execSync(containerId, command, timeoutMs) {
      // CRI counts whole seconds; the runtime ends the command, our own deadline only guards against a runtime that hangs.
      const timeout = BigInt(Math.ceil(timeoutMs / 1_000));
      const deadlineMs = timeoutMs > 0 ? timeoutMs + REQUEST_TIMEOUT_MS : 0;
      const request = { containerId, cmd: [...command], timeout };
      const answer = await connection.call(methods.execSync, request, deadlineMs);
      const empty = new Uint8Array();
      return { stdout: answer.stdout ?? empty, stderr: answer.stderr ?? empty, exitCode: answer.exitCode ?? 0 };
    },
    async exec({ command, ...request }) {
      return (await connection.call(methods.exec, { ...request, cmd: [...command] })).url ?? '';
    },
    async attach(request) {
      return (await connection.call(methods.attach, request)).url ?? '';
    },
    async portForward(podSandboxId, ports) {
      return (await connection.call(methods.portForward, { podSandboxId, port: [...ports] })).url ?? '';
    },
  };
}
