import { parseQuantity, Quantity } from '../quantity.ts';
import type { Quantities } from '../resource-list.ts';
import type { PersistentVolumeClaim, ScopedResourceSelectorRequirement } from '../types.ts';
import type { Evaluator } from './evaluator.ts';

const CLASS_SUFFIX = '.storageclass.storage.k8s.io/';
const COUNT = 'persistentvolumeclaims';
const STORAGE = 'requests.storage';
const BETA_CLASS = 'volume.beta.kubernetes.io/storage-class';

/** What claims count against, by class too. Source: k8s.io/kubernetes/pkg/quota/v1/evaluator/core/persistent_volume_claims.go */
export const persistentVolumeClaimEvaluator: Evaluator = {
  tracks: (name) =>
    [`count/${COUNT}`, COUNT, STORAGE].includes(name) ||
    name.endsWith(CLASS_SUFFIX + COUNT) ||
    name.endsWith(CLASS_SUFFIX + STORAGE),
  usage,
  matchesScope,
};

function usage(claim: PersistentVolumeClaim): Quantities {
  const { metadata, spec } = claim;
  const className = metadata?.annotations?.[BETA_CLASS] ?? spec?.storageClassName;
  const one = Quantity.of(1);
  const used: Quantities = new Map([
    [`count/${COUNT}`, one],
    [COUNT, one],
  ]);
  const storage = storageOf(claim);
  if (storage) used.set(STORAGE, storage);
  if (!className) return used;
  used.set(className + CLASS_SUFFIX + COUNT, one);
  if (storage) used.set(className + CLASS_SUFFIX + STORAGE, storage);
  return used;
}

/** What is asked for, or what is already on its way to it if that is more, in whole bytes. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const asked = spec?.resources?.requests?.['storage'];
  if (!asked) return undefined;
  const allocated = parseQuantity(status?.allocatedResources?.['storage'] ?? '0');
  const request = parseQuantity(asked);
  return (allocated.compare(request) > 0 ? allocated : request).roundUp(0);
}

function matchesScope(
  { scopeName, operator, values }: ScopedResourceSelectorRequirement,
  { spec, status }: PersistentVolumeClaim,
): boolean {
  if (scopeName !== 'VolumeAttributesClass') return false;
  const { currentVolumeAttributesClassName: current, modifyVolumeStatus } = status ?? {};
  const target = modifyVolumeStatus?.targetVolumeAttributesClassName;
  const names = [spec?.volumeAttributesClassName, current, target].filter(Boolean);
  if (operator === 'Exists') return names.length > 0;
  if (operator === 'DoesNotExist') return names.length === 0;
  const listed = names.some((name) => values?.includes(name!));
  return operator === 'NotIn' ? !listed : listed;
}
