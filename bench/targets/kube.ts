import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchPki } from './pki.ts';
import { Processes } from './processes.ts';
import type { Target } from './target.ts';

export interface KubeOptions {
  peers: string;
  folder: string;
  port: number;
  pki: BenchPki;
  /** With controller manager and scheduler; `lifted` raises their client limits beyond what the benchmark reaches. */
  components?: 'default limits' | 'lifted limits';
}

/** kube-apiserver over etcd, each with its defaults: etcd's fsync before each answer as ours. */
export function kube({ peers, folder, port, pki, components }: KubeOptions): Target {
  mkdirSync(folder, { recursive: true });
  const processes = new Processes(folder);
  const pem = (name: string) => join(pki.folder, name);
  const [client, peer] = [port + 1, port + 2].map((p) => `http://127.0.0.1:${p}`) as [string, string];
  const start = async () => {
    processes.spawn(join(peers, 'etcd'), [
      `--data-dir=${join(folder, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--log-level=error',
    ]);
    processes.spawn(join(peers, 'kube-apiserver'), [
      `--etcd-servers=${client}`,
      `--secure-port=${port}`,
      '--bind-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--cert-dir=${folder}`,
      `--tls-cert-file=${pem('apiserver.crt')}`,
      `--tls-private-key-file=${pem('apiserver.key')}`,
      `--client-ca-file=${pem('ca.crt')}`,
      '--authorization-mode=Node,RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      `--service-account-key-file=${pem('sa.pub')}`,
      `--service-account-signing-key-file=${pem('sa.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    ]);
    if (components) for (const component of ['kube-controller-manager', 'kube-scheduler']) startComponent(component);
  };
  const startComponent = (component: string) => {
    const kubeconfig = join(folder, `${component}.kubeconfig`);
    writeFileSync(
      kubeconfig,
      JSON.stringify(kubeconfigOf(port, pem('ca.crt'), pem(`${component}.crt`), pem(`${component}.key`))),
    );
    const limits = components === 'lifted limits' ? ['--kube-api-qps=5000', '--kube-api-burst=10000'] : [];
    const own =
      component === 'kube-controller-manager'
        ? [
            `--service-account-private-key-file=${pem('sa.key')}`,
            `--root-ca-file=${pem('ca.crt')}`,
            '--use-service-account-credentials=true',
            '--concurrent-deployment-syncs=5',
          ]
        : [];
    processes.spawn(join(peers, component), [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
      '--secure-port=0',
      ...limits,
      ...own,
    ]);
  };
  return {
    name: 'kube-apiserver + etcd',
    endpoint: pki.endpoint(port),
    start,
    pids: () => processes.pids(),
    stop: () => processes.stop(),
  };
}

function kubeconfigOf(port: number, ca: string, cert: string, key: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'bench', cluster: { server: `https://127.0.0.1:${port}`, 'certificate-authority': ca } }],
    users: [{ name: 'bench', user: { 'client-certificate': cert, 'client-key': key } }],
    contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
    'current-context': 'bench',
  };
}
