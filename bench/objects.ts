// What the benchmark writes: the same bytes for every target.
export const NAMESPACE = 'bench';

export function configMap(name: string, labels: Record<string, string> = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels },
    data: { value: 'x'.repeat(1024) },
  });
}

/** No scheduler looks at it: the peer's requests are measured without one beside it. */
export function pod(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'bench', tier: 'web' }, annotations: { 'example.org/owner': 'bench' } },
    spec: { ...podSpec(), schedulerName: 'none' },
  };
}

/** For whichever scheduler is there. */
export function schedulable(name: string): object {
  const metadata = { name, labels: { app: 'bench' } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec() };
}

function podSpec(): object {
  return {
    containers: [
      {
        name: 'web',
        image: 'registry.example.org/web:1.2.3',
        ports: [{ containerPort: 8080, name: 'http' }],
        env: [
          { name: 'MODE', value: 'production' },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ],
        resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
        readinessProbe: { httpGet: { path: '/healthz', port: 'http' }, periodSeconds: 5 },
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
    volumes: [{ name: 'data', emptyDir: {} }],
  };
}

export function deployment(name: string, replicas: number): object {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec() } },
  };
}

export function node(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
    },
  };
}

export function nodeStatus(now: string): object {
  const resources = { cpu: '32', memory: '256Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'ready',
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  };
  const calm = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
    ...ready,
    type,
    status: 'False',
    reason: 'Sufficient',
    message: '',
  }));
  return { status: { capacity: resources, allocatable: resources, conditions: [ready, ...calm], nodeInfo: undefined } };
}

export function lease(name: string, now: string): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now },
  };
}
