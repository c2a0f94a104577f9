import { randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { createApiProxy } from '../../lib/api-proxy/api-proxy.ts';
import { ADAPTIVE, type ApiProxy } from '../../lib/api-proxy/contract.ts';
import { ClusterError } from '../../lib/cluster/error.ts';
import { currentContext, mergeKubeconfig, removeFromKubeconfig } from '../../lib/cluster/kubeconfig.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import { lineLog } from '../../lib/runtime/log.ts';
import { systemRandom } from '../../lib/runtime/random.ts';
import { tokensFor, upstreamOf } from './aws/client.ts';
import type { AwsOptions } from './aws/credentials.ts';
import { awsContext } from './aws/kubeconfig.ts';
import { awsTarget } from './aws/target.ts';

export interface TunnelOptions extends AwsOptions {
  aws: string;
  port?: number;
}

const HOST = '127.0.0.1';

/** A proxy on loopback through which watches, exec, attach, port-forward and `logs -f` work; its context is there as long as it runs. */
export async function tunnel(options: TunnelOptions, file: string, clock: Clock): Promise<void> {
  const target = await awsTarget(options.aws, options);
  const tokens = await tokensFor(target, options, clock);
  // Early, so that whoever is not signed in learns it now.
  await tokens();
  const secret = randomBytes(32).toString('base64url');
  const { certificate, key, ca } = await loopbackCertificate(clock);
  const proxy = createApiProxy({
    upstream: upstreamOf(target),
    tls: { cert: certificate, key },
    pace: ADAPTIVE,
    clock,
    random: systemRandom,
    log: lineLog((line) => process.stderr.write(line), clock),
    // Who knows the context's secret is whoever runs the tunnel. Others show credentials of their own.
    authorization: async (given) => (given === `Bearer ${secret}` ? `Bearer ${await tokens()}` : given),
  });
  const port = await listen(proxy, options.port ?? 0);
  const name = `${awsContext(target)}-tunnel`;
  const before = currentContext(file);
  await mergeKubeconfig(file, tunnelKubeconfig(name, `https://${HOST}:${port}`, ca, secret), clock);
  process.stdout.write(`context ${name} in ${file}, until Ctrl-C\n`);
  await told();
  await removeFromKubeconfig(file, name, clock, before === name ? '' : before);
  await proxy.close();
}

/** An authority of this run: its key is never written. */
async function loopbackCertificate(clock: Clock) {
  const { issueAuthority, issueCertificate } = await import('../../lib/pki/issue.ts');
  const authority = await issueAuthority('zeroplane tunnel', clock.now());
  const request = { commonName: HOST, names: [HOST, 'localhost'], usages: ['server'] as const };
  return { ...(await issueCertificate(authority, request, clock.now())), ca: authority.certificate };
}

async function listen(proxy: ApiProxy, port: number): Promise<number> {
  try {
    return await proxy.listen(port, HOST);
  } catch (error) {
    throw new ClusterError(`port ${port} cannot be used: ${(error as Error).message}`, 1, { cause: error });
  }
}

function tunnelKubeconfig(name: string, server: string, ca: string, token: string): string {
  const data = Buffer.from(ca).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': data } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

function told(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
