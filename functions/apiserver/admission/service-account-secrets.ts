import { podReferences } from '../../../lib/api/pod-references.ts';
import type { Container, Pod, ServiceAccount } from '../../../lib/api/types.ts';
import type { AdmissionAttributes } from '../contract.ts';
import { refusal } from './request.ts';

const ENFORCE = 'kubernetes.io/enforce-mountable-secrets';

/** A mirror pod may open nothing to the node that wrote it. */
export function checkMirrorPod(attributes: AdmissionAttributes, pod: Pod): void {
  if (pod.spec?.serviceAccountName) throw refusal(attributes, 'a mirror pod may not reference service accounts');
  const bare = { ...pod, metadata: { ...pod.metadata, annotations: {} } };
  if ([...podReferences(bare)].some((reference) => reference.startsWith('secrets/')))
    throw refusal(attributes, 'a mirror pod may not reference secrets');
  const sources = (pod.spec?.volumes ?? []).flatMap((volume) => volume.projected?.sources ?? []);
  if (sources.some((source) => source.serviceAccountToken))
    throw refusal(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
}

/** Where the account asks for it, its pods use no secret that it does not list. */
export function checkMountableSecrets(attributes: AdmissionAttributes, account: ServiceAccount, pod: Pod): void {
  if (!['1', 't', 'true'].includes(account.metadata?.annotations?.[ENFORCE]?.toLowerCase() ?? '')) return;
  const fault = secretFault(account, pod);
  if (fault) throw refusal(attributes, fault);
}

function secretFault(account: ServiceAccount, pod: Pod): string | undefined {
  const { spec } = pod;
  const allowed = new Set((account.secrets ?? []).map(({ name }) => name));
  const because = `is not allowed because service account ${account.metadata?.name} does not reference that`;
  for (const { secret } of spec?.volumes ?? [])
    if (secret && !allowed.has(secret.secretName))
      return `volume with secret.secretName="${secret.secretName}" ${because} secret`;
  for (const [kind, containers] of kinds(pod))
    for (const container of containers)
      for (const { where, name } of secretsOf(container))
        if (!allowed.has(name))
          return `${kind} ${container.name} with ${where} secret.secretName="${name}" ${because} secret`;
  const pulls = new Set((account.imagePullSecrets ?? []).map(({ name }) => name));
  for (const [i, { name }] of (spec?.imagePullSecrets ?? []).entries())
    if (!pulls.has(name)) return `imagePullSecrets[${i}].name="${name}" ${because} imagePullSecret`;
  return undefined;
}

function kinds({ spec }: Pod): [string, Container[]][] {
  return [
    ['init container', spec?.initContainers ?? []],
    ['container', spec?.containers ?? []],
    ['ephemeral container', (spec?.ephemeralContainers ?? []) as Container[]],
  ];
}

function* secretsOf(container: Container): Generator<{ where: string; name: string }> {
  for (const { name, valueFrom } of container.env ?? [])
    if (valueFrom?.secretKeyRef) yield { where: `envVar ${name} referencing`, name: valueFrom.secretKeyRef.name ?? '' };
  for (const { secretRef } of container.envFrom ?? [])
    if (secretRef) yield { where: 'envFrom referencing', name: secretRef.name ?? '' };
}
