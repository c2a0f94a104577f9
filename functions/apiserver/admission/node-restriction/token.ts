import { notFound } from '../../../../lib/api/status.ts';
import type {
  CSIDriver,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  TokenRequest,
} from '../../../../lib/api/types.ts';
import type { AdmissionAttributes } from '../../contract.ts';
import type { Reader } from '../../reader.ts';
import { refusal } from '../request.ts';
import type { NodeContext } from './node-restriction.ts';

/** Tokens for the pods that run on the node, and for the audiences that those pods name. */
export async function checkToken(node: string, attributes: AdmissionAttributes, context: NodeContext): Promise<void> {
  const { spec = { audiences: [] } } = attributes.object as TokenRequest;
  const reference = spec.boundObjectRef;
  if (reference?.apiVersion !== 'v1' || reference.kind !== 'Pod' || !reference.name)
    throw refusal(attributes, 'node requested token not bound to a pod');
  if (!reference.uid) throw refusal(attributes, 'node requested token with a pod binding without a uid');
  const pod = await context.reader.get<Pod>('pods', reference.name, attributes.info.namespace);
  if (!pod) throw notFound({ group: '', resource: 'pods' }, reference.name);
  if (pod.metadata.uid !== reference.uid) {
    const why = 'does not match the UID in record. The object might have been deleted and then recreated';
    throw refusal(attributes, `the UID in the bound object reference (${reference.uid}) ${why}`);
  }
  if (pod.spec?.nodeName !== node)
    throw refusal(attributes, 'node requested token bound to a pod scheduled on a different node');
  await checkAudience(attributes, pod as Pod, spec.audiences ?? [], context);
}

/** KEP-4935. */
async function checkAudience(
  attributes: AdmissionAttributes,
  pod: Pod,
  audiences: readonly string[],
  { reader, authorize }: NodeContext,
): Promise<void> {
  if (audiences.length > 1) throw refusal(attributes, 'node may only request 0 or 1 audiences');
  const audience = audiences[0] ?? '';
  if (await podNames(pod, audience, reader)) return;
  const { user, info } = attributes;
  const verb = 'request-serviceaccounts-token-audience';
  const { allowed } = await authorize({ ...info, user, verb, resource: audience, subresource: '' });
  if (allowed) return;
  throw refusal(attributes, `${user.username} is not authorized to request tokens for audience "${audience}"`);
}

async function podNames(pod: Pod, audience: string, reader: Reader): Promise<boolean> {
  for (const volume of pod.spec?.volumes ?? []) {
    for (const { serviceAccountToken } of volume.projected?.sources ?? [])
      if (serviceAccountToken && (serviceAccountToken.audience ?? '') === audience) return true;
    const claim = volume.ephemeral ? `${pod.metadata?.name}-${volume.name}` : volume.persistentVolumeClaim?.claimName;
    const driver = claim ? await driverOf(claim, pod.metadata!.namespace!, reader) : volume.csi?.driver;
    if (driver && (await driverNames(driver, audience, reader))) return true;
  }
  return false;
}

async function driverOf(claim: string, namespace: string, reader: Reader): Promise<string | undefined> {
  const bound = await reader.get<PersistentVolumeClaim>('persistentvolumeclaims', claim, namespace);
  const name = bound?.spec?.volumeName;
  const volume = name ? await reader.get<PersistentVolume>('persistentvolumes', name) : undefined;
  return volume?.spec?.csi?.driver;
}

async function driverNames(name: string, audience: string, reader: Reader): Promise<boolean> {
  const driver = await reader.get<CSIDriver>('csidrivers.storage.k8s.io', name);
  return driver?.spec.tokenRequests?.some((request) => request.audience === audience) ?? false;
}
