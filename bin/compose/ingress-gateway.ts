import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gateway } from '../../agent/ingress/gateway.ts';
import { gatewayController } from '../../agent/ingress/gateway-controller.ts';
import { GATEWAY_PORTS } from '../../agent/proxy/base-rules.ts';
import type { Secret } from '../../lib/api/types.ts';
import { createCaches } from '../../lib/client/cache.ts';
import { runControllers } from '../../lib/client/driver.ts';
import { ObjectCache } from '../../lib/client/object-cache.ts';
import { reflect } from '../../lib/client/reflector.ts';
import { secrets } from '../../lib/client/resource-type.ts';
import type { NodeAgentConfig } from '../../lib/cluster/daemon-config.ts';
import { clientAs } from './client-as.ts';
import type { Platform } from './control-plane.ts';
import { overlaid } from './overlaid.ts';

/** A node's ingress gateway. Resolves when it serves what there is; the result ends it, requests under way first. */
export async function startIngressGateway(config: NodeAgentConfig, platform: Platform): Promise<() => Promise<void>> {
  const { clock, random, log } = platform;
  const abort = new AbortController();
  const { signal } = abort;
  const pem = (name: string) => readFileSync(join(config.pki, name), 'utf8');
  const client = clientAs(config, 'ingress-gateway', 'ingress-gateway');
  const onError = (error: unknown, resource: string) => log('cannot follow a resource', { resource, error });
  const follow = { clock, random, onError, signal };
  const gateway = new Gateway({
    now: () => clock.now(),
    fallbackCertificate: { cert: pem('ingress-default.crt'), key: pem('ingress-default.key') },
    loopbackPorts: config.ingressPorts,
  });
  // Other Secrets than certificates are nothing that a gateway should hold.
  const certificates = new ObjectCache<Secret>(secrets);
  const reflecting = reflect(client, certificates, { ...follow, fieldSelector: 'type=kubernetes.io/tls' });
  const caches = overlaid(createCaches(client, follow), [certificates]);
  const controller = gatewayController(caches, gateway, log);
  const running = runControllers([controller], caches, {
    ...follow,
    onError: (error, name, key) => log('a reconcile failed', { controller: name, key, error }),
  });
  caches.start(signal);
  await Promise.all([caches.synced(signal), certificates.whenSynced(signal)]);
  await controller.reconcile('');
  await gateway.listen(config.ingressIP ?? config.nodeIP, { http: GATEWAY_PORTS[80], https: GATEWAY_PORTS[443] });
  return async () => {
    abort.abort();
    await gateway.close();
    await Promise.all([running, reflecting]);
  };
}
