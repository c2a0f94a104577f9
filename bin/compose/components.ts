import type { Apiserver } from '../../functions/apiserver/contract.ts';
import { createControllers } from '../../functions/controllers/index.ts';
import { schedulerConfiguration } from '../../functions/scheduler/configuration/configuration.ts';
import { createScheduler } from '../../functions/scheduler/scheduler.ts';
import { createCaches } from '../../lib/client/cache.ts';
import { runControllers } from '../../lib/client/driver.ts';
import type { ControlPlaneConfig } from '../../lib/cluster/daemon-config.ts';
import { joinMachine } from '../../lib/cluster/machine/machine.ts';
import type { KeyPair } from '../../lib/pki/certificate.ts';
import type { Platform } from './control-plane.ts';
import { componentClients } from './identities.ts';

/** Scheduler and controllers, as clients of the apiserver of the same process. */
export function startComponents(
  apiserver: Apiserver,
  config: ControlPlaneConfig,
  authority: KeyPair,
  { clock, random, log }: Platform,
): { stop(): Promise<void> } {
  const abort = new AbortController();
  const clients = componentClients(apiserver.fetch);
  const caches = createCaches(clients.caches(), {
    clock,
    random,
    onError: (error, resource) => log('a cache cannot follow', { resource, error }),
  });
  const controllers = createControllers({
    caches,
    clientFor: clients.controller,
    clock,
    random,
    rootCA: authority.certificate,
    authority: async () => authority,
    // Heartbeats could not arrive while this process was not there.
    aliveSinceMs: clock.now(),
    ...(config.machine && {
      loadBalancerAddresses: config.machine.loadBalancerAddresses,
      ingressIP: config.machine.ingressIP,
    }),
  });
  const scheduler = createScheduler({
    caches,
    client: clients.scheduler(),
    clock,
    random,
    ...(config.schedulerConfiguration !== undefined && {
      configuration: schedulerConfiguration(config.schedulerConfiguration),
    }),
  });
  const machine = config.machine && joinMachine(config.machine, caches, log, clock);
  const running = runControllers([scheduler, ...controllers, ...(machine ? [machine.controller] : [])], caches, {
    clock,
    random,
    signal: abort.signal,
    onError: (error, controller, key) => log('a reconcile failed', { controller, key, error }),
  });
  caches.start(abort.signal);
  return {
    async stop() {
      abort.abort();
      machine?.close();
      await running;
    },
  };
}
