import type { Namespace, Node, Pod, Service } from '../../lib/api/types.ts';
import type { Cache, Caches, Controller, Watch } from '../../lib/client/controller.ts';
import { namespaces, networkPolicies, nodes, pods, services } from '../../lib/client/resource-type.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import { nft } from '../proxy/nft.ts';
import type { Ruleset } from '../proxy/ruleset.ts';
import { replaceScript, updateScript } from '../proxy/script.ts';
import { POLICY_TABLE } from './base-rules.ts';
import { policyRules } from './policy-rules.ts';
import { dnsPod, gatewayPod, namespaceLabels, type PolicyPod, policyPods } from './view.ts';

export interface NetworkPolicyOptions {
  /** All nodes' pods: not those of the agent itself. */
  caches: Caches;
  nodeName: string;
  dnsIP: string;
  /** Where the ingress gateway answers, on nodes that have one. */
  ingressIP?: string | undefined;
}

/** One key: the rules are one state. */
const KEY = 'policies';
/** At most ten transactions a second, the first without waiting. */
const MIN_SYNC_PERIOD_MS = 100;
/** How soon it is looked again whether all pods are known. */
const SYNC_POLL_MS = 20;

/** Without any policy there is no other change: what an earlier agent left must go. */
const atStart: Watch<Service> = {
  type: services,
  keys: (service, previous) => (service?.metadata.name === 'kubernetes' && !previous ? [KEY] : []),
};

/** What selectors are asked about; followed from the first policy on: a cluster without policies pays for nothing. */
interface Sources {
  pods: Cache<Pod>;
  namespaces: Cache<Namespace>;
  nodes: Cache<Node>;
}

/** Keeps this node's policy table equal to what the NetworkPolicies say. */
export function networkPolicyController(options: NetworkPolicyOptions, clock: Clock): Controller {
  const policies = options.caches.cache(networkPolicies);
  let follow: (watch: Watch<any>) => void = () => undefined;
  let sources: Sources | undefined;
  let applied: Ruleset | undefined;
  let lastMs = 0;
  const begin = (): Sources => {
    for (const type of [pods, namespaces, nodes]) follow({ type: type as Watch<any>['type'], keys: changed });
    const { caches } = options;
    return { pods: caches.cache(pods), namespaces: caches.cache(namespaces), nodes: caches.cache(nodes) };
  };
  return {
    name: 'network-policy',
    watches: [{ type: networkPolicies, keys: () => [KEY] }, atStart],
    laterWatches: (add) => {
      follow = add;
    },
    async reconcile() {
      const waitMs = lastMs + MIN_SYNC_PERIOD_MS - clock.now();
      if (waitMs > 0) return { requeueAfterMs: waitMs };
      const wanted = policies.list();
      if (wanted.length === 0 && !applied) return void (await removeTable());
      sources ??= begin();
      if (![sources.pods, sources.namespaces, sources.nodes].every((cache) => cache.synced))
        return { requeueAfterMs: SYNC_POLL_MS };
      const next = rulesOf(wanted, sources, options);
      await apply(applied, next);
      applied = next;
      lastMs = clock.now();
      return undefined;
    },
  };
}

function rulesOf(wanted: Parameters<typeof policyRules>[0], sources: Sources, options: NetworkPolicyOptions): Ruleset {
  const { dnsIP, ingressIP, nodeName } = options;
  const standIns: PolicyPod[] = [dnsPod(dnsIP)];
  if (ingressIP) standIns.push(...[ingressIP, ...nodeIPs(sources.nodes)].map(gatewayPod));
  const view = {
    pods: [...standIns, ...policyPods(sources.pods.list(), nodeName)],
    namespaces: namespaceLabels(sources.namespaces.list()),
  };
  return policyRules(wanted, view, ingressIP ? [dnsIP, ingressIP] : [dnsIP]);
}

function nodeIPs(cache: Cache<Node>): string[] {
  const addresses = cache.list().flatMap((node) => node.status?.addresses ?? []);
  return addresses.filter(({ type }) => type === 'InternalIP').map(({ address }) => address);
}

/** Heartbeats and conditions of nodes, and most of what happens to a pod, are no policy's matter. */
function changed(object: any, previous: any): string[] {
  return object && previous && face(object) === face(previous) ? [] : [KEY];
}

function face({ metadata, spec, status }: any): string {
  return JSON.stringify([metadata.labels, spec?.nodeName, status?.podIP, isOver(status?.phase), status?.addresses]);
}

const isOver = (phase: string | undefined) => phase === 'Succeeded' || phase === 'Failed';

async function removeTable(): Promise<void> {
  await nft(`add table ${POLICY_TABLE}\ndelete table ${POLICY_TABLE}\n`);
}

/** The difference, or everything when there was nothing or the difference does not fit (somebody changed the table). */
async function apply(previous: Ruleset | undefined, next: Ruleset): Promise<void> {
  if (!previous) return nft(replaceScript(POLICY_TABLE, next));
  try {
    await nft(updateScript(POLICY_TABLE, previous, next));
  } catch {
    await nft(replaceScript(POLICY_TABLE, next));
  }
}
