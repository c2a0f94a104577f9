import type { Container, LifecycleHandler, Pod } from '../../lib/api/types.ts';
import { type Clock, delay } from '../../lib/runtime/clock.ts';
import { explain, get, httpGetUrl } from '../probes/http.ts';
import type { Runtime } from '../runtime-contract.ts';

export interface HookInput {
  pod: Pod;
  container: Container;
  containerId: string;
  podIP: string;
  handler: LifecycleHandler;
  /** How long the hook may take. */
  timeoutMs: number;
  signal?: AbortSignal;
}

const USER_AGENT = 'kube-lifecycle/1.37';

/** Runs a postStart or preStop handler to its end; throws if it failed. Source: pkg/kubelet/lifecycle/handlers.go. */
export async function runHook(runtime: Runtime, clock: Clock, input: HookInput): Promise<void> {
  const { handler, container, containerId, podIP, timeoutMs, signal } = input;
  if (handler.exec) return runExec(runtime, input, containerId);
  if (handler.sleep) return delay(clock, Math.min(handler.sleep.seconds * 1000, timeoutMs), signal);
  if (!handler.httpGet) throw new Error(`invalid handler: ${JSON.stringify(handler)}`);
  const url = httpGetUrl(handler.httpGet, container, podIP);
  // Any answer will do: the status is not looked at.
  const answer = get(url, { headers: handler.httpGet.httpHeaders, userAgent: USER_AGENT, timeoutMs });
  await answer.catch((cause) => {
    throw new Error(explain(url, cause), { cause });
  });
}

async function runExec(runtime: Runtime, { handler, container, timeoutMs }: HookInput, id: string): Promise<void> {
  const command = handler.exec?.command ?? [];
  const { exitCode, stdout, stderr } = await runtime.execSync(id, command, timeoutMs);
  if (exitCode === 0) return;
  const output = Buffer.concat([stdout, stderr]).toString('utf8');
  throw new Error(
    `Exec lifecycle hook (${command.join(' ')}) for Container "${container.name}" failed - error: command '${command.join(' ')}' exited with ${exitCode}: ${output}`,
  );
}
