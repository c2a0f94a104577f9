import { createApiProxy } from '../../../lib/api-proxy/api-proxy.ts';
import { type ApiProxy, ON_NOTICE } from '../../../lib/api-proxy/contract.ts';
import { httpUpstream } from '../../../lib/api-proxy/upstream.ts';
import type { Client, Transport } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { patient } from '../../../lib/client/patient.ts';
import { issueAuthority } from '../../../lib/pki/issue.ts';
import type { Platform } from '../control-plane.ts';

export interface NodeApi {
  proxy: ApiProxy;
  /** As the node, or as somebody whom the node may speak for. */
  clientAs(userAgent: string, impersonated?: string): Client;
  /** What the node's own requests carry: of nobody else's. */
  isOwn(authorization: string | undefined): boolean;
}

/** The API as the node and its pods see it: held watches, woken by notices. */
export async function nodeApi(
  server: string,
  token: () => Promise<string>,
  { clock, random, log }: Platform,
): Promise<NodeApi> {
  // A token ends sooner than a watch that is held with it: the node's own requests carry a sign that each is signed anew for.
  const sign = `Bearer ${random.uuid()}`;
  const isOwn = (authorization: string | undefined) => authorization === sign;
  // Shown to nobody: the proxy listens when it has a certificate of the cluster.
  const own = await issueAuthority('unused', clock.now());
  const proxy = createApiProxy({
    upstream: httpUpstream({ server }),
    tls: { cert: own.certificate, key: own.key },
    pace: ON_NOTICE,
    clock,
    random,
    log,
    authorization: async (given) => (isOwn(given) ? `Bearer ${await token()}` : given),
  });
  const transportAs = (impersonated: string | undefined): Transport =>
    patient(
      (request) => {
        request.headers.set('authorization', sign);
        if (impersonated) request.headers.set('impersonate-user', impersonated);
        return proxy.fetch(request);
      },
      { clock, random },
    );
  return {
    proxy,
    isOwn,
    clientAs: (userAgent, impersonated) => createClient(transportAs(impersonated), { userAgent }),
  };
}
