import { keyOf } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import { SELECTED_NODE } from '../../lib/api/volumes/annotations.ts';
import { isVolumeFor, volumeBoundTo } from '../../lib/api/volumes/bind.ts';
import { claimKeys, isFullyBound } from '../../lib/api/volumes/claim.ts';
import { isReachable } from '../../lib/api/volumes/match-volume.ts';
import type { Client } from '../../lib/client/client.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../lib/client/resource-type.ts';
import { PodRejection } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import { type Bindings, bindingsOn, podClaims } from './plugins/volume-binding.ts';
import type { PodInfo } from './pod-info.ts';
import type { Claim, Volumes } from './volumes.ts';

/** What the chosen node means for the pod's claims; taken at once, so that pods planned after it see it. Undefined: nothing is to be done. */
export function takeVolumes(pod: PodInfo, node: NodeInfo, volumes: Volumes): Bindings | undefined {
  const claims = podClaims(pod, volumes);
  if (!claims || claims instanceof PodRejection || claims.delayed.length === 0) return undefined;
  const bindings = bindingsOn(claims, node, volumes);
  if ('rejections' in bindings) return undefined;
  for (const { volume, claim } of bindings.give) volumes.give(pod.uid, volume.metadata.name, keyOf(claim));
  for (const claim of bindings.provision) volumes.choose(keyOf(claim), { node: node.name, pod: pod.uid });
  return bindings;
}

/** The scheduler's half: volumes are given, or asked for on the node. The binder and a provisioner do theirs. False: try again. */
export async function writeBindings(
  client: Client,
  { give, provision }: Bindings,
  { pod, node, volumes }: { pod: string; node: string; volumes: Volumes },
): Promise<boolean> {
  try {
    for (const { claim, volume } of give) {
      const bound = volumeBoundTo(volume, claim);
      if (bound) await client.update(persistentVolumes, bound);
    }
    for (const claim of provision) {
      const written = await selectNode(client, claim, node);
      volumes.choose(keyOf(claim), { node, pod, version: Number(written.metadata.resourceVersion) });
    }
    return true;
  } catch (error) {
    if (isReason(error)) return false;
    throw error;
  }
}

async function selectNode(client: Client, claim: Claim, node: string): Promise<Claim> {
  if (claim.metadata.annotations?.[SELECTED_NODE] === node) return claim;
  const annotations = { ...claim.metadata.annotations, [SELECTED_NODE]: node };
  return client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
}

export type BindingState = 'bound' | 'waiting' | 'failed';

/** `waiting`: for the binder or a provisioner; `failed`: one of them gave the claim back, or bound it elsewhere. */
export function bindingState(pod: PodInfo, node: NodeInfo, volumes: Volumes): BindingState {
  const states = claimKeys(pod.pod).map((key) => claimState(key, pod.uid, node, volumes));
  if (states.includes('failed')) return 'failed';
  return states.includes('waiting') ? 'waiting' : 'bound';
}

function claimState(key: string, pod: string, node: NodeInfo, volumes: Volumes): BindingState {
  const claim = volumes.claims.get(key);
  if (!claim || claim.metadata.deletionTimestamp || !node.node) return 'failed';
  const volume = volumes.volumeOf(claim);
  if (isFullyBound(claim) && volume) return isReachable(volume, node.node) ? 'bound' : 'failed';
  if (isFullyBound(claim)) return 'waiting';
  const given = volumes.givenTo(pod, key);
  if (given) return given.spec?.claimRef && !isVolumeFor(given, claim) ? 'failed' : 'waiting';
  return volumes.selectedNode(claim) === node.name ? 'waiting' : 'failed';
}
