import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiProxy } from '../../../lib/api-proxy/api-proxy.ts';
import type { ApiProxy, Pace } from '../../../lib/api-proxy/contract.ts';
import { httpUpstream } from '../../../lib/api-proxy/upstream.ts';
import { issueAuthority, issueCertificate } from '../../../lib/pki/issue.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import { systemRandom } from '../../../lib/runtime/random.ts';
import { TestCluster } from '../cluster.ts';
import { bufferedGateway, type Gateway } from './gateway.ts';

/** A cluster on this machine that is reached as one on AWS without streaming is: kubectl → proxy → gateway → apiserver. */
export class HeldCluster {
  readonly direct: TestCluster;
  /** The same cluster, through the proxy. */
  readonly held: TestCluster;
  gateway!: Gateway;
  proxy!: ApiProxy;
  server = '';

  constructor(label: string) {
    this.direct = new TestCluster(label);
    this.held = new TestCluster('held', this.direct);
  }

  async up(pace: Pace): Promise<void> {
    await this.direct.up();
    const pki = (name: string) => readFileSync(join(this.direct.stateDir, 'pki', name), 'utf8');
    const server = JSON.parse(await this.direct.kubectl('config', 'view', '-o', 'json')).clusters[0].cluster.server;
    this.gateway = bufferedGateway(httpUpstream({ server, ca: pki('ca.crt') }));
    const authority = await issueAuthority('held', Date.now());
    const names = ['127.0.0.1', 'localhost'];
    const pair = await issueCertificate(authority, { commonName: 'held', names, usages: ['server'] }, Date.now());
    this.proxy = createApiProxy({
      upstream: this.gateway.transport,
      tls: { cert: pair.certificate, key: pair.key },
      pace,
      clock: systemClock,
      random: systemRandom,
      log: () => undefined,
    });
    const port = await this.proxy.listen(0, '127.0.0.1');
    this.server = `https://127.0.0.1:${port}`;
    await this.#writeKubeconfig(authority.certificate);
  }

  async delete(): Promise<void> {
    await this.proxy?.close();
    await this.direct.delete();
  }

  /** An administrator with a token: certificates do not pass a proxy. */
  async #writeKubeconfig(ca: string): Promise<void> {
    await this.direct.kubectl('create', 'serviceaccount', 'admin', '-n', 'kube-system');
    const subject = '--serviceaccount=kube-system:admin';
    await this.direct.kubectl('create', 'clusterrolebinding', 'admin', '--clusterrole=cluster-admin', subject);
    const token = (await this.direct.kubectl('create', 'token', 'admin', '-n', 'kube-system')).trim();
    const cluster = { server: this.server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'held', cluster }],
      users: [{ name: 'held', user: { token } }],
      contexts: [{ name: 'held', context: { cluster: 'held', user: 'held' } }],
      'current-context': 'held',
    };
    writeFileSync(this.held.kubeconfig, JSON.stringify(config), { mode: 0o600 });
  }
}
