import { API_PROXY_SIGNER, KUBELET_SERVING_SIGNER } from '../../../lib/api/signers.ts';
import type { Node, Service } from '../../../lib/api/types.ts';
import { type Controller, watch } from '../../../lib/client/controller.ts';
import { certificateSigningRequests, nodes, services } from '../../../lib/client/resource-type.ts';
import type { RequestContent } from '../../../lib/pki/request.ts';
import type { ControllerDependencies } from '../dependencies.ts';
import { approved, contentOf, isPending, type Request } from './request.ts';
import { kubeletServingFault } from './validate.ts';

const BY_REQUESTER = 'requester';
const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const MESSAGES: Readonly<Record<string, string>> = {
  [KUBELET_SERVING_SIGNER]: 'Auto approving kubelet serving certificate of a node for its own addresses.',
  [API_PROXY_SIGNER]: 'Auto approving a serving certificate of a node for the kubernetes Service.',
};

/**
 * Approves what a node shows to those who call it: asked for by the node itself, for names and addresses that are its own
 * (or, where it answers for the apiserver, the `kubernetes` Service's). kube-controller-manager leaves this to the cloud.
 */
export function createServingApprovingController({ caches, clientFor, cloud }: ControllerDependencies): Controller {
  const cache = caches.cache(certificateSigningRequests);
  const nodeCache = caches.cache(nodes);
  const serviceCache = caches.cache(services);
  cache.addIndex(BY_REQUESTER, (request) => [request.spec.username ?? '']);
  const client = clientFor('certificate-controller');
  return {
    name: 'serving-certificate-approving',
    watches: [
      watch(certificateSigningRequests, (request) => (request && isOurs(request) ? [request.metadata.name] : [])),
      // A node may ask before it has said where it is.
      watch(nodes, (node) => pendingOf(node?.metadata.name).map(({ metadata }) => metadata.name)),
    ],
    async reconcile(name) {
      const request = cache.get(name);
      if (!request || !isOurs(request)) return undefined;
      const content = await contentOf(request);
      const nodeName = content && requestingNode(request, content);
      const node = nodeName ? nodeCache.get(nodeName) : undefined;
      if (!content || !node || kubeletServingFault(content, request.spec.usages ?? [])) return undefined;
      const owned =
        request.spec.signerName === API_PROXY_SIGNER
          ? serviceNames(serviceCache.get('default/kubernetes'))
          : nodeNames(node, cloud && ((await cloud.instance(node))?.addresses ?? []));
      if (!coveredBy(content, owned)) return undefined;
      const decided = approved(request, MESSAGES[request.spec.signerName]!);
      await client.update(certificateSigningRequests, decided, { subresource: 'approval' });
      return undefined;
    },
  };

  function pendingOf(nodeName: string | undefined): Request[] {
    return nodeName ? cache.byIndex(BY_REQUESTER, NODE_PREFIX + nodeName).filter(isOurs) : [];
  }
}

function isOurs(request: Request): boolean {
  return request.spec.signerName in MESSAGES && isPending(request);
}

/** Undefined: it is not a node that asks, or it asks in another's name. */
export function requestingNode({ spec }: Request, { commonName }: RequestContent): string | undefined {
  if (spec.username !== commonName || !spec.groups?.includes(NODES)) return undefined;
  return commonName.startsWith(NODE_PREFIX) ? commonName.slice(NODE_PREFIX.length) : undefined;
}

export interface Owned {
  dnsNames: ReadonlySet<string>;
  ipAddresses: ReadonlySet<string>;
}

/** What a node is called: by its own word or, where a cloud knows better, by the cloud's. */
export function nodeNames({ metadata, status }: Node, known: readonly string[] | undefined): Owned {
  const addresses = status?.addresses ?? [];
  const of = (pattern: RegExp) => addresses.filter(({ type }) => pattern.test(type)).map(({ address }) => address);
  return {
    dnsNames: new Set([metadata!.name!, ...of(/^(Hostname|InternalDNS|ExternalDNS)$/)]),
    ipAddresses: new Set(of(/^(InternalIP|ExternalIP)$/).filter((ip) => !known || known.includes(ip))),
  };
}

/** The names by which pods call the apiserver. Source: the DNS specification and kubeadm's list. */
export function serviceNames(service: Service | undefined): Owned {
  return {
    dnsNames: new Set(['kubernetes', 'kubernetes.default', SERVICE_DOMAIN]),
    ipAddresses: new Set(service?.spec?.clusterIPs ?? []),
  };
}

const SERVICE_DOMAIN = 'kubernetes.default.svc';

function coveredBy({ dnsNames, ipAddresses }: RequestContent, owned: Owned): boolean {
  const isService = owned.dnsNames.has(SERVICE_DOMAIN);
  const isOwned = (name: string) => owned.dnsNames.has(name) || (isService && name.startsWith(`${SERVICE_DOMAIN}.`));
  return dnsNames.every(isOwned) && ipAddresses.every((ip) => owned.ipAddresses.has(ip));
}
