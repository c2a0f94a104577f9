import { SANDBOX_IMAGE } from '../../agent/runtime/images/pause.ts';
import type { PodSandboxConfig, Runtime } from '../../agent/runtime-contract.ts';

/** The smallest pod: one container, which waits. */
export function pausePod(name: string): object {
  const container = { name: 'pause', image: SANDBOX_IMAGE, imagePullPolicy: 'Never' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] },
  };
}

/** The same by the runtime alone: RunPodSandbox, CreateContainer and StartContainer. The sandbox's id. */
export async function startPause(runtime: Runtime, name: string, logDirectory: string): Promise<string> {
  const namespaceOptions = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const;
  const sandbox: PodSandboxConfig = {
    metadata: { name, uid: name, namespace: 'bench', attempt: 0 },
    logDirectory,
    labels: {},
    annotations: {},
    linux: { securityContext: { namespaceOptions } },
  };
  const id = await runtime.runPodSandbox(sandbox);
  const config = {
    metadata: { name: 'pause', attempt: 0 },
    image: SANDBOX_IMAGE,
    envs: [],
    mounts: [],
    labels: {},
    annotations: {},
    logPath: `${name}.log`,
    linux: { resources: {}, securityContext: { namespaceOptions } },
  };
  await runtime.startContainer(await runtime.createContainer(id, config, sandbox));
  return id;
}

export async function removePause(runtime: Runtime, sandbox: string): Promise<void> {
  await runtime.stopPodSandbox(sandbox);
  await runtime.removePodSandbox(sandbox);
}
