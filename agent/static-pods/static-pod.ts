import { createHash } from 'node:crypto';
import type { Stored } from '../../lib/api/object.ts';
import { isMirrorPod, MIRROR_POD } from '../../lib/api/pod-references.ts';
import type { Pod } from '../../lib/api/types.ts';

/** Source: pkg/kubelet/types/pod_update.go. */
export const CONFIG_SOURCE = 'kubernetes.io/config.source';
const CONFIG_HASH = 'kubernetes.io/config.hash';

/** Reads a manifest's text as the API would: types checked, defaults filled in, rules kept. Throws an Error that says what is wrong. */
export type ReadManifest = (text: string) => Pod;

/** The pod of a manifest on this node: its name, its uid and where it came from. Source: pkg/kubelet/config/common.go applyDefaults. */
export function staticPod(manifest: Pod, file: string, nodeName: string): Stored<Pod> {
  const uid = createHash('md5')
    .update(`${nodeName}\0${file}\0${JSON.stringify(manifest)}`)
    .digest('hex');
  const { name = '', namespace = 'default', annotations } = manifest.metadata ?? {};
  const tolerations = [...(manifest.spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
  return {
    ...manifest,
    metadata: {
      ...manifest.metadata,
      uid,
      name: `${name}-${nodeName}`,
      namespace,
      annotations: { ...annotations, [CONFIG_HASH]: uid, [CONFIG_SOURCE]: 'file' },
    },
    spec: { ...manifest.spec!, nodeName, tolerations },
    status: { phase: 'Pending' },
  } as Stored<Pod>;
}

export function isStatic({ metadata }: Pod): boolean {
  return metadata?.annotations?.[CONFIG_SOURCE] === 'file' && !isMirrorPod({ metadata });
}

export function isMirrorOf(mirror: Pod, pod: Stored<Pod>): boolean {
  return mirror.metadata?.annotations?.[MIRROR_POD] === pod.metadata.uid;
}

/** Source: pkg/kubelet/pod/mirror_client.go: a node may only make pods that belong to it. */
export function mirrorOf({ metadata, spec }: Stored<Pod>, node: { name: string; uid: string }): Pod {
  const { name, namespace, labels, annotations, uid } = metadata;
  const owner = { apiVersion: 'v1', kind: 'Node', ...node, controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: name!,
      namespace: namespace!,
      ...(labels ? { labels } : {}),
      annotations: { ...annotations, [MIRROR_POD]: uid },
      ownerReferences: [owner],
    },
    spec: spec!,
  };
}
