import { parse } from 'yaml';
import { pod as podRules } from '../../functions/apiserver/kinds/core/pod.ts';
import { validateSchema } from '../../lib/api/schema.ts';
import type { Pod } from '../../lib/api/types.ts';

const POD = { group: '', version: 'v1', kind: 'Pod' };
/** Source: getStaticPodValidation and pkg/kubelet/config/common.go tryDecodeSinglePod. */
const REFERENCES = ['serviceAccountName', 'serviceAccount'] as const;

/** A static pod's manifest, read by the rules of the API's own pods: the agent must not take what the API would refuse to show. */
export function readManifest(text: string): Pod {
  const given = parse(text);
  if (given?.apiVersion !== 'v1' || given.kind !== 'Pod') throw new Error('it is not a Pod of apiVersion v1');
  const pod = validateSchema(given, POD, { fieldValidation: 'Strict' }).object as Pod;
  pod.metadata = { ...pod.metadata, namespace: pod.metadata?.namespace ?? 'default' };
  for (const field of REFERENCES) if (pod.spec?.[field]) throw new Error(`a static pod may not name a ${field}`);
  podRules.defaults?.(pod);
  const causes = podRules.validate?.(pod) ?? [];
  if (causes.length > 0) throw new Error(causes.map(({ field, message }) => `${field}: ${message}`).join('; '));
  return pod;
}
