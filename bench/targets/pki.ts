import { join } from 'node:path';
import { pkiFolder } from '../../lib/pki/pki-folder.ts';
import { systemClock } from '../../lib/runtime/clock.ts';
import type { Endpoint } from '../http.ts';

export interface BenchPki {
  folder: string;
  /** The benchmark's own credentials: a member of system:masters. */
  endpoint(port: number): Endpoint;
  ca: string;
}

/** The same certificates for every target: authority, server, administrator, ServiceAccount key, and one client each for the peer's components. */
export async function benchPki(folder: string): Promise<BenchPki> {
  const pki = pkiFolder(join(folder, 'pki'), systemClock);
  const ca = await pki.authority('ca', 'bench');
  await pki.certificate(ca, 'apiserver', {
    commonName: 'kube-apiserver',
    usages: ['server'],
    names: ['127.0.0.1', 'localhost'],
  });
  const admin = await pki.certificate(ca, 'admin', {
    commonName: 'bench',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  for (const component of ['kube-controller-manager', 'kube-scheduler'])
    await pki.certificate(ca, component, { commonName: `system:${component}`, usages: ['client'] });
  await pki.certificate(ca, 'apiserver-kubelet-client', {
    commonName: 'kube-apiserver-kubelet-client',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  await pki.authority('front-proxy-ca', 'bench-front-proxy');
  pki.signingKey('sa');
  return {
    folder: join(folder, 'pki'),
    ca: ca.certificate,
    endpoint: (port) => ({ host: '127.0.0.1', port, ca: ca.certificate, cert: admin.certificate, key: admin.key }),
  };
}
