import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeApiserver } from '../../functions/apiserver/compose.ts';
import { networkBackend } from '../../functions/apiserver/http/backend.ts';
import { createHttpServer } from '../../functions/apiserver/http/server.ts';
import type { ControlPlaneConfig } from '../../lib/cluster/daemon-config.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { Random } from '../../lib/runtime/random.ts';

import { startComponents } from './components.ts';
import { openLocalStore } from './local-store.ts';

export interface Platform {
  clock: Clock;
  random: Random;
  log: Log;
}

/** A control plane in one process: store, apiserver, scheduler and controllers. Resolves when it serves; the result stops it. */
export async function startControlPlane(config: ControlPlaneConfig, platform: Platform): Promise<() => Promise<void>> {
  const pem = (name: string) => readFileSync(join(config.pki, name), 'utf8');
  const store = await openLocalStore(config, platform.clock);
  const credentials = {
    cert: pem('apiserver-kubelet-client.crt'),
    key: pem('apiserver-kubelet-client.key'),
    ca: pem('ca.crt'),
  };
  const { apiserver, bootstrap } = composeApiserver({
    store,
    ...platform,
    version: config.version,
    serviceCIDR: config.serviceCIDR,
    serviceAccountKey: pem('sa.key'),
    issuer: `https://kubernetes.default.svc.${config.dnsDomain}`,
    endpoint: config.advertise,
    authorityCertificate: pem('ca.crt'),
    frontProxyCertificate: pem('front-proxy-ca.crt'),
    backend: networkBackend(credentials),
    localPath: true,
    ingressGateway: true,
  });
  await bootstrap();
  const server = createHttpServer({
    apiserver,
    cert: pem('apiserver.crt'),
    key: pem('apiserver.key'),
    clientCa: pem('ca.crt'),
    upgradeCredentials: credentials,
    clock: platform.clock,
    random: platform.random,
  });
  for (const { host, port } of config.listen) await server.listen(port, host);
  const authority = { certificate: pem('ca.crt'), key: pem('ca.key') };
  const components = startComponents(apiserver, config, authority, platform);
  return async () => {
    await components.stop();
    await server.close();
    await store.close();
  };
}
