import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiserver } from '../../functions/apiserver/apiserver.ts';
import type { KindRules } from '../../functions/apiserver/contract.ts';
import { networkBackend } from '../../functions/apiserver/http/backend.ts';
import { createHttpServer } from '../../functions/apiserver/http/server.ts';
import { kindRules } from '../../functions/apiserver/kinds/index.ts';
import { type Security, security } from '../../functions/apiserver/security.ts';
import type { ControlPlaneConfig } from '../../lib/cluster/daemon-config.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Log } from '../../lib/runtime/log.ts';
import type { Random } from '../../lib/runtime/random.ts';
import { versionInfo } from '../../lib/runtime/version.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openEmbeddedStore } from '../../lib/storage/embedded/open.ts';
import { startComponents } from './components.ts';

export interface Platform {
  clock: Clock;
  random: Random;
  log: Log;
}

/** A control plane in one process: store, apiserver, scheduler and controllers. Resolves when it serves; the result stops it. */
export async function startControlPlane(config: ControlPlaneConfig, platform: Platform): Promise<() => Promise<void>> {
  const pem = (name: string) => readFileSync(join(config.pki, name), 'utf8');
  const store = await openEmbeddedStore({ path: config.database, clock: platform.clock });
  const guard = guardOf(config, store, pem, platform);
  await guard.bootstrap();
  const credentials = {
    cert: pem('apiserver-kubelet-client.crt'),
    key: pem('apiserver-kubelet-client.key'),
    ca: pem('ca.crt'),
  };
  const apiserver = createApiserver({
    store,
    ...guard,
    kinds: kindsWith(guard),
    clock: platform.clock,
    random: platform.random,
    version: versionInfo(config.version),
    backend: networkBackend(credentials),
    report: (error, request) => platform.log('a request failed', { url: request.url, error }),
  });
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

function guardOf(
  config: ControlPlaneConfig,
  store: Store,
  pem: (name: string) => string,
  { clock, random }: Platform,
): Security {
  return security({
    store,
    clock,
    random,
    serviceCIDR: config.serviceCIDR,
    serviceAccountKey: pem('sa.key'),
    issuer: `https://kubernetes.default.svc.${config.dnsDomain}`,
    endpoint: config.advertise,
    authenticationConfig: authenticationConfig(pem),
  });
}

/** What aggregated servers read to know who speaks. Source: the aggregation layer documentation. */
function authenticationConfig(pem: (name: string) => string): Record<string, string> {
  return {
    'client-ca-file': pem('ca.crt'),
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': pem('front-proxy-ca.crt'),
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
}

/** A Service's address and ports are reserved in the same commit that writes it. */
function kindsWith({ serviceWrites }: Security): ReadonlyMap<string, KindRules> {
  const services: KindRules = { ...kindRules.get('/services'), companionWrites: serviceWrites };
  return new Map([...kindRules, ['/services', services]]);
}
