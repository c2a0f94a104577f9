import { isServedIngress } from '../../../lib/api/ingress-class.ts';
import { keyOf, type Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Ingress } from '../../../lib/api/types.ts';
import type { Cache, Controller } from '../../../lib/client/controller.ts';
import { ingressClasses, ingresses, secrets, services } from '../../../lib/client/resource-type.ts';
import { type ControllerDependencies, type Hands, hands } from '../dependencies.ts';
import { references } from './references.ts';

const BY_SERVICE = 'ingress-service';
/** Secrets are not followed, to keep them out of memory: one that is missing is asked for again. */
const SECRET_CHECK_MS = 30_000;

/**
 * Writes where the gateways answer into the status of the Ingresses that they serve, and says which Secrets and Services
 * are missing. Traffic is the gateways' own; each node has one.
 */
export function createIngressController(dependencies: ControllerDependencies, ingressIP: string): Controller {
  const { caches } = dependencies;
  const cache = caches.cache(ingresses);
  const classes = caches.cache(ingressClasses);
  const serviceCache = caches.cache(services);
  cache.addIndex(BY_SERVICE, (ingress) =>
    references(ingress).services.map((name) => `${ingress.metadata.namespace}/${name}`),
  );
  const own = hands(dependencies, 'ingress-controller');
  return {
    name: 'ingress',
    watches: [
      { type: ingresses, keys: (ingress) => (ingress ? [keyOf(ingress)] : []) },
      { type: ingressClasses, keys: () => cache.list().map(keyOf) },
      {
        type: services,
        // Only that it comes or goes matters here.
        keys: (service, previous) =>
          service && previous ? [] : cache.byIndex(BY_SERVICE, keyOf((service ?? previous)!)).map(keyOf),
      },
    ],
    async reconcile(key) {
      const ingress = cache.get(key);
      if (!ingress || ingress.metadata.deletionTimestamp) return undefined;
      if (!isServedIngress(ingress, (name) => classes.get(name))) return release(ingress, ingressIP, own);
      await writeStatus(ingress, [{ ip: ingressIP }], own);
      tellOfServices(ingress, serviceCache, own);
      return (await tellOfSecrets(ingress, own)) ? { requeueAfterMs: SECRET_CHECK_MS } : undefined;
    },
  };
}

type Points = { ip?: string | undefined }[];

async function writeStatus(ingress: Stored<Ingress>, points: Points, { client }: Hands): Promise<void> {
  const present: Points = ingress.status?.loadBalancer?.ingress ?? [];
  if (JSON.stringify(present.map(({ ip }) => ip)) === JSON.stringify(points.map(({ ip }) => ip))) return;
  const { namespace, name, uid } = ingress.metadata;
  const body = { metadata: { uid }, status: { loadBalancer: { ingress: points.length > 0 ? points : null } } };
  await client.patch(ingresses, { namespace, name }, { type: 'merge', body }, { subresource: 'status' });
}

/** An Ingress that went over to another class must not say that we serve it. */
async function release(ingress: Stored<Ingress>, ingressIP: string, own: Hands): Promise<undefined> {
  const present: Points = ingress.status?.loadBalancer?.ingress ?? [];
  if (present.length === 1 && present[0]?.ip === ingressIP) await writeStatus(ingress, [], own);
  return undefined;
}

function tellOfServices(ingress: Stored<Ingress>, cache: Cache<unknown>, { recorder }: Hands): void {
  const { namespace } = ingress.metadata;
  for (const name of references(ingress).services)
    if (!cache.get(`${namespace}/${name}`))
      recorder.warning(ingress, 'ServiceNotFound', `Service "${namespace}/${name}" not found`);
}

/** Whether one is missing. */
async function tellOfSecrets(ingress: Stored<Ingress>, { client, recorder }: Hands): Promise<boolean> {
  const { namespace } = ingress.metadata;
  let missing = false;
  for (const name of references(ingress).secrets) {
    const why = await faultOf(namespace, name, client);
    if (!why) continue;
    missing = true;
    recorder.warning(ingress, 'SecretNotFound', why);
  }
  return missing;
}

async function faultOf(
  namespace: string | undefined,
  name: string,
  client: Hands['client'],
): Promise<string | undefined> {
  try {
    const { data = {}, type } = await client.get(secrets, { namespace, name });
    if (type !== 'kubernetes.io/tls') return `Secret "${namespace}/${name}" is not of type kubernetes.io/tls`;
    if (data['tls.crt'] && data['tls.key']) return undefined;
    return `Secret "${namespace}/${name}" has no tls.crt and tls.key`;
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    return `Secret "${namespace}/${name}" not found`;
  }
}
