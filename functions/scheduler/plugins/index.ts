import type { Caches } from '../../../lib/client/controller.ts';
import { createDefaultSelector } from '../default-selector.ts';
import type { Plugin } from '../framework.ts';
import type { Volumes } from '../volumes.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity } from './inter-pod-affinity.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** In kube-scheduler's default order: the first that rejects a node names the reason. */
export function defaultPlugins(caches: Caches, volumes: Volumes): readonly Plugin[] {
  return [
    nodeName,
    nodeUnschedulable,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    volumeRestrictions(volumes),
    nodeVolumeLimits(volumes),
    volumeBinding(volumes),
    volumeZone(volumes),
    podTopologySpread(createDefaultSelector(caches)),
    interPodAffinity,
    nodeResourcesBalancedAllocation,
    imageLocality,
  ];
}
