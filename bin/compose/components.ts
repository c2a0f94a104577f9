import type { Apiserver } from '../../functions/apiserver/contract.ts';
import { createControllers } from '../../functions/controllers/index.ts';
import { createScheduler } from '../../functions/scheduler/scheduler.ts';
import { createCaches } from '../../lib/client/cache.ts';
import type { Client } from '../../lib/client/client.ts';
import { createClient } from '../../lib/client/create-client.ts';
import { runControllers } from '../../lib/client/driver.ts';
import { type InProcessUser, inProcess, serviceAccountUser } from '../../lib/client/in-process.ts';
import type { ControlPlaneConfig } from '../../lib/cluster/daemon-config.ts';
import { joinMachine } from '../../lib/cluster/machine/machine.ts';
import type { KeyPair } from '../../lib/pki/certificate.ts';
import type { Platform } from './control-plane.ts';

const AUTHENTICATED = 'system:authenticated';
/** Reads for the shared caches of scheduler and controllers, whatever each of them may do itself. */
const CACHES_USER: InProcessUser = {
  username: 'system:kube-controller-manager',
  groups: ['system:masters', AUTHENTICATED],
};

/** Scheduler and controllers, as clients of the apiserver of the same process. */
export function startComponents(
  apiserver: Apiserver,
  config: ControlPlaneConfig,
  authority: KeyPair,
  { clock, random, log }: Platform,
): { stop(): Promise<void> } {
  const abort = new AbortController();
  const as = (user: InProcessUser, userAgent: string): Client =>
    createClient(inProcess(apiserver.fetch, user), { userAgent });
  const caches = createCaches(as(CACHES_USER, 'kube-controller-manager'), {
    clock,
    random,
    onError: (error, resource) => log('a cache cannot follow', { resource, error }),
  });
  const controllers = createControllers({
    caches,
    clientFor: (name) => as(serviceAccountUser('kube-system', name), `kube-controller-manager/${name}`),
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
  const schedulerUser = { username: 'system:kube-scheduler', groups: [AUTHENTICATED] };
  const scheduler = createScheduler({ caches, client: as(schedulerUser, 'kube-scheduler'), clock, random });
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
