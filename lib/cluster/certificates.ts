import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { KeyPair } from '../pki/certificate.ts';
import { pkiFolder } from '../pki/pki-folder.ts';
import type { Clock } from '../runtime/clock.ts';
import { apiServiceIP, type ClusterConfig, gateway, type NodeConfig } from './config.ts';
import { adminKubeconfig } from './kubeconfig.ts';
import type { ClusterPaths } from './paths.ts';

/** All that the cluster's parts show each other, named as kubeadm names it; made once, renewed near its end. */
export async function ensureCertificates(cluster: ClusterConfig, paths: ClusterPaths, clock: Clock): Promise<void> {
  const pki = pkiFolder(paths.pki, clock);
  const authority = await pki.authority('ca', 'kubernetes');
  await pki.authority('front-proxy-ca', 'front-proxy-ca');
  await pki.certificate(authority, 'apiserver', {
    commonName: 'kube-apiserver',
    names: apiserverNames(cluster),
    usages: ['server'],
  });
  await pki.certificate(authority, 'apiserver-kubelet-client', {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  const admin = await pki.certificate(authority, 'admin', {
    commonName: 'kubernetes-admin',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  pki.signingKey('sa');
  for (const node of cluster.nodes) await ensureNodeCertificates(authority, node, paths, clock);
  writeFileSync(paths.kubeconfig, adminKubeconfig(cluster, authority.certificate, admin), { mode: 0o600 });
}

async function ensureNodeCertificates(
  authority: KeyPair,
  node: NodeConfig,
  paths: ClusterPaths,
  clock: Clock,
): Promise<void> {
  const folder = paths.node(node.name).pki;
  const pki = pkiFolder(folder, clock);
  await pki.certificate(authority, 'kubelet-client', {
    commonName: `system:node:${node.name}`,
    organizations: ['system:nodes'],
    usages: ['client'],
  });
  await pki.certificate(authority, 'kubelet', {
    commonName: `system:node:${node.name}`,
    names: [node.name, node.ip],
    usages: ['server'],
  });
  await pki.certificate(authority, 'local-path-provisioner', {
    commonName: `system:local-path-provisioner:${node.name}`,
    organizations: ['system:local-path-provisioners'],
    usages: ['client'],
  });
  await pki.certificate(authority, 'kube-proxy', { commonName: 'system:kube-proxy', usages: ['client'] });
  await pki.certificate(authority, 'ingress-gateway', { commonName: 'zeroplane:ingress-gateway', usages: ['client'] });
  // Shown to clients that ask for a host for which nobody has brought a certificate.
  await pki.certificate(authority, 'ingress-default', {
    commonName: 'zeroplane-ingress-default',
    names: ['ingress.local'],
    usages: ['server'],
  });
  writeFileSync(join(folder, 'ca.crt'), authority.certificate);
}

function apiserverNames(cluster: ClusterConfig): string[] {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  return [
    ...service,
    `kubernetes.default.svc.${cluster.dnsDomain}`,
    'localhost',
    hostname(),
    '127.0.0.1',
    gateway(cluster),
    apiServiceIP(cluster),
  ];
}
