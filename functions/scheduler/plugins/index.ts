import type { Caches } from '../../../lib/client/controller.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import { createDefaultSelector } from '../default-selector.ts';
import type { Plugin } from '../framework.ts';
import type { Volumes } from '../volumes.ts';
import { imageLocality } from './image-locality.ts';
import { interPodAffinity, interPodAffinityWith } from './inter-pod-affinity.ts';
import { nodeAffinityWith } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import {
  nodeResourcesBalancedAllocation,
  nodeResourcesBalancedAllocationOf,
} from './node-resources-balanced-allocation.ts';
import { nodeResourcesFit, nodeResourcesFitWith } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { taintToleration } from './taint-toleration.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** In kube-scheduler's default order: the first that rejects a node names the reason. */
export function defaultPlugins(caches: Caches, volumes: Volumes): readonly Plugin[] {
  return pluginsWith({}, caches, volumes);
}

/** All of them, with the arguments of a profile. */
export function pluginsWith(args: PluginArgs, caches: Caches, volumes: Volumes): readonly Plugin[] {
  return [
    nodeName,
    nodeUnschedulable,
    taintToleration,
    nodeAffinityWith(args.addedAffinity),
    nodePorts,
    args.fit ? nodeResourcesFitWith(args.fit) : nodeResourcesFit,
    volumeRestrictions(volumes),
    nodeVolumeLimits(volumes),
    volumeBinding(volumes),
    volumeZone(volumes),
    podTopologySpread(createDefaultSelector(caches), args.defaultConstraints),
    args.interPodAffinity ? interPodAffinityWith(args.interPodAffinity) : interPodAffinity,
    args.balanced ? nodeResourcesBalancedAllocationOf(args.balanced) : nodeResourcesBalancedAllocation,
    imageLocality,
  ];
}
