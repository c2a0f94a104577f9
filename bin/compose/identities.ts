import type { Client, Transport } from '../../lib/client/client.ts';
import { createClient } from '../../lib/client/create-client.ts';
import { type InProcessUser, inProcess, serviceAccountUser } from '../../lib/client/in-process.ts';

const AUTHENTICATED = 'system:authenticated';
/** Reads for the shared caches of scheduler and controllers, whatever each of them may do itself. */
const CACHES: InProcessUser = { username: 'system:kube-controller-manager', groups: ['system:masters', AUTHENTICATED] };
const SCHEDULER: InProcessUser = { username: 'system:kube-scheduler', groups: [AUTHENTICATED] };

type Fetch = Parameters<typeof inProcess>[0];

/** The clients of components that live with an apiserver. `wrap` sees every request. */
export function componentClients(fetch: Fetch, wrap: (transport: Transport) => Transport = (transport) => transport) {
  const as = (user: InProcessUser, userAgent: string): Client =>
    createClient(wrap(inProcess(fetch, user)), { userAgent });
  return {
    caches: () => as(CACHES, 'kube-controller-manager'),
    scheduler: () => as(SCHEDULER, 'kube-scheduler'),
    controller: (name: string) => as(serviceAccountUser('kube-system', name), `kube-controller-manager/${name}`),
  };
}
