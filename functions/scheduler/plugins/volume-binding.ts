import { parseQuantity } from '../../../lib/api/quantity.ts';
import { fromLabelSelector } from '../../../lib/api/selectors.ts';
import type { Node, StorageClass } from '../../../lib/api/types.ts';
import { NO_PROVISIONER } from '../../../lib/api/volumes/annotations.ts';
import {
  claimName,
  classOf,
  isDelayed,
  isForPod,
  isFullyBound,
  requestedBytes,
} from '../../../lib/api/volumes/claim.ts';
import { findMatchingVolume, isReachable } from '../../../lib/api/volumes/match-volume.ts';
import { type Plugin, PodRejection, type Rejection } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Claim, PodVolume, Volumes } from '../volumes.ts';

const NODE_CONFLICT: Rejection = {
  reason: "node(s) didn't match PersistentVolume's node affinity",
  unresolvable: true,
};
const BIND_CONFLICT: Rejection = {
  reason: "node(s) didn't find available persistent volumes to bind",
  unresolvable: true,
};
const NOT_ENOUGH_SPACE: Rejection = { reason: 'node(s) did not have enough free storage', unresolvable: true };
const NO_SUCH_VOLUME: Rejection = {
  reason: 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)',
  unresolvable: true,
};

/** A pod's claims: those that have a volume, and those whose volume waits for the pod's node. */
export interface PodClaims {
  bound: readonly Claim[];
  delayed: readonly Claim[];
}

/** What is to be done for a pod's claims on a node. */
export interface Bindings {
  give: readonly { claim: Claim; volume: PodVolume }[];
  provision: readonly Claim[];
}

/** Source: k8s.io/kubernetes/pkg/scheduler/framework/plugins/volumebinding. */
export function volumeBinding(volumes: Volumes): Plugin<PodClaims> {
  return {
    name: 'VolumeBinding',
    requeueOn: ['node', 'volume'],
    prepare: (pod) => podClaims(pod, volumes),
    filter(claims, _pod, node) {
      const found = bindingsOn(claims, node, volumes);
      return 'rejections' in found ? found.rejections : undefined;
    },
  };
}

/** Undefined: the pod uses no claims. */
export function podClaims(pod: PodInfo, volumes: Volumes): PodClaims | PodRejection | undefined {
  const bound: Claim[] = [];
  const delayed: Claim[] = [];
  for (const volume of pod.spec.volumes ?? []) {
    const name = claimName(pod.pod, volume);
    if (name === undefined) continue;
    const claim = volumes.claims.get(`${pod.namespace}/${name}`);
    const fault = faultOf(name, claim, volume.ephemeral !== undefined, pod);
    if (fault !== undefined) return new PodRejection(fault);
    if (isFullyBound(claim!)) bound.push(claim!);
    else if (isDelayed(volumes.classes.get(classOf(claim!))) && !claim!.spec?.volumeName) delayed.push(claim!);
    else return new PodRejection('pod has unbound immediate PersistentVolumeClaims');
  }
  return bound.length + delayed.length > 0 ? { bound, delayed } : undefined;
}

function faultOf(name: string, claim: Claim | undefined, ephemeral: boolean, pod: PodInfo): string | undefined {
  if (!claim) {
    if (!ephemeral) return `persistentvolumeclaim "${name}" not found`;
    return `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
  }
  if (claim.status?.phase === 'Lost') {
    return `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${claim.spec?.volumeName}"`;
  }
  if (claim.metadata.deletionTimestamp) return `persistentvolumeclaim "${name}" is being deleted`;
  if (!ephemeral || isForPod(claim, pod.pod)) return undefined;
  return `PVC ${pod.namespace}/${name} was not created for pod ${pod.namespace}/${pod.pod.metadata.name} (pod is not owner)`;
}

/** A plan for the claims on this node, or why there is none. Pure. */
export function bindingsOn(
  { bound, delayed }: PodClaims,
  node: NodeInfo,
  volumes: Volumes,
): Bindings | { rejections: readonly Rejection[] } {
  const rejections = new Set<Rejection>();
  for (const claim of bound) {
    const volume = volumes.volumeOf(claim);
    if (!volume) rejections.add(NO_SUCH_VOLUME);
    else if (!isReachable(volume, node.node as Node)) rejections.add(NODE_CONFLICT);
  }
  const give: { claim: Claim; volume: PodVolume }[] = [];
  const provision: Claim[] = [];
  const excluded = new Set(delayed.length > 0 ? volumes.given() : []);
  for (const claim of smallestFirst(delayed)) {
    const selected = volumes.selectedNode(claim);
    const volume =
      selected === undefined
        ? findMatchingVolume(claim, volumes.volumes.list(), { node: node.node as Node, excluded })
        : undefined;
    const fault = selected !== undefined && selected !== node.name ? BIND_CONFLICT : undefined;
    if (volume) {
      excluded.add(volume.metadata.name);
      give.push({ claim, volume });
      continue;
    }
    const refused = fault ?? cannotProvision(claim, node, volumes);
    if (refused) rejections.add(refused);
    else provision.push(claim);
  }
  return rejections.size > 0 ? { rejections: [...rejections] } : { give, provision };
}

/** So that a large volume is not given to a small claim while a large one waits. */
function smallestFirst(claims: readonly Claim[]): readonly Claim[] {
  return [...claims].sort((a, b) => requestedBytes(a.spec) - requestedBytes(b.spec));
}

function cannotProvision(claim: Claim, node: NodeInfo, volumes: Volumes): Rejection | undefined {
  const storageClass = volumes.classes.get(classOf(claim));
  if (!storageClass?.provisioner || storageClass.provisioner === NO_PROVISIONER) return BIND_CONFLICT;
  if (!inTopology(storageClass, node)) return BIND_CONFLICT;
  return hasRoom(claim, storageClass, node, volumes) ? undefined : NOT_ENOUGH_SPACE;
}

function inTopology({ allowedTopologies = [] }: StorageClass, { labels }: NodeInfo): boolean {
  if (allowedTopologies.length === 0) return true;
  return allowedTopologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => labels[key] !== undefined && values?.includes(labels[key])),
  );
}

/** Only drivers that publish what they have are asked (KEP-1472). */
function hasRoom(claim: Claim, storageClass: StorageClass, node: NodeInfo, volumes: Volumes): boolean {
  const { provisioner, metadata } = storageClass;
  if (volumes.drivers.get(provisioner)?.spec?.storageCapacity !== true) return true;
  const wanted = requestedBytes(claim.spec);
  return volumes.capacities.list().some((one) => {
    if (one.storageClassName !== metadata?.name || !one.nodeTopology) return false;
    const room = one.maximumVolumeSize ?? one.capacity;
    return (
      room !== undefined &&
      parseQuantity(room).value() >= wanted &&
      fromLabelSelector(one.nodeTopology).matches(node.labels)
    );
  });
}
