import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerdPaths } from '../../agent/runtime/containerd/paths.ts';
import { criRuntime } from '../../agent/runtime/cri-runtime.ts';
import { SANDBOX_IMAGE } from '../../agent/runtime/images/pause.ts';
import type { PodSandboxConfig } from '../../agent/runtime-contract.ts';
import { Connection, type Endpoint } from '../http.ts';
import { percentile } from '../statistics.ts';
import { checked } from './requests.ts';

const PODS = 20;
const pods = '/api/v1/namespaces/default/pods';

export interface PodStartFigures {
  /** Milliseconds, p50. */
  own: number;
  runtime: number;
}

/** From the create of a pod to Running on a real node, beside what its container runtime takes for the same by itself. Needs root. */
export async function measurePodStart(root: string): Promise<PodStartFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-'));
  const name = `bench-${process.pid}`;
  const state = join(folder, 'state');
  const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') };
  const zeroplane = (command: string, ...args: string[]) => {
    const all = [join(root, 'dist/zeroplane.js'), command, '--name', name, '--state-dir', state, ...args];
    execFileSync(process.execPath, all, { env, stdio: 'ignore' });
  };
  try {
    zeroplane('up');
    const { port } = JSON.parse(readFileSync(join(state, 'cluster.json'), 'utf8'));
    const own = await podStarts(endpointOf(port, state));
    return {
      own,
      runtime: await runtimeStarts(containerdPaths(join(state, 'nodes/node-1/containerd')).socket, folder),
    };
  } finally {
    zeroplane('down', '--delete');
    rmSync(folder, { recursive: true, force: true });
  }
}

function endpointOf(port: number, state: string): Endpoint {
  const pem = (file: string) => readFileSync(join(state, 'pki', file), 'utf8');
  return { host: '127.0.0.1', port, ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key') };
}

/** Milliseconds, p50, of pods made one after the other, as a watcher sees them. */
async function podStarts(endpoint: Endpoint): Promise<number> {
  const client = await Connection.open(endpoint);
  const samples: number[] = [];
  for (let i = 0; i < PODS; i++) {
    const watch = await Connection.open(endpoint);
    const events = watch.lines(`${pods}?watch=true&fieldSelector=metadata.name%3Dstart-${i}`);
    const begun = performance.now();
    await checked(client.request('POST', pods, { body: JSON.stringify(pod(`start-${i}`)) }), 201);
    for await (const line of events) if (JSON.parse(line).object.status.phase === 'Running') break;
    samples.push(performance.now() - begun);
    watch.close();
    await client.request('DELETE', `${pods}/start-${i}?gracePeriodSeconds=0`);
  }
  client.close();
  return percentile(samples, 0.5);
}

function pod(name: string): object {
  const container = { name: 'pause', image: SANDBOX_IMAGE, imagePullPolicy: 'Never' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, containers: [container] },
  };
}

/** Milliseconds, p50, of RunPodSandbox, CreateContainer and StartContainer until the container is running. */
async function runtimeStarts(socket: string, folder: string): Promise<number> {
  const runtime = criRuntime(socket);
  const samples: number[] = [];
  const namespaceOptions = { network: 'POD', pid: 'CONTAINER', ipc: 'POD' } as const;
  for (let i = 0; i < PODS; i++) {
    const sandbox: PodSandboxConfig = {
      metadata: { name: `alone-${i}`, uid: `alone-${i}`, namespace: 'bench', attempt: 0 },
      logDirectory: folder,
      labels: {},
      annotations: {},
      linux: { securityContext: { namespaceOptions } },
    };
    const begun = performance.now();
    const id = await runtime.runPodSandbox(sandbox);
    const config = {
      metadata: { name: 'pause', attempt: 0 },
      image: SANDBOX_IMAGE,
      envs: [],
      mounts: [],
      labels: {},
      annotations: {},
      logPath: `alone-${i}.log`,
      linux: { resources: {}, securityContext: { namespaceOptions } },
    };
    const container = await runtime.createContainer(id, config, sandbox);
    await runtime.startContainer(container);
    samples.push(performance.now() - begun);
    await runtime.stopPodSandbox(id);
    await runtime.removePodSandbox(id);
  }
  runtime.close();
  return percentile(samples, 0.5);
}
