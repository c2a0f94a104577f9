import { invalidValue } from '../../../../lib/api/causes.ts';
import { dns1123Subdomain, NEGATIVE_ERROR } from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CSIStorageCapacity } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { canonicalizeQuantity } from '../resource-list.ts';
import { warnOfNodeSelector } from '../warnings/node-labels.ts';

/** Source: ValidateCSIStorageCapacity in k8s.io/kubernetes/pkg/apis/storage/validation. */
export const csiStorageCapacity: KindRules = {
  defaults(object: CSIStorageCapacity) {
    canonicalizeQuantity(object, 'capacity');
    canonicalizeQuantity(object, 'maximumVolumeSize');
  },
  validate({ nodeTopology, storageClassName, capacity }: CSIStorageCapacity) {
    const causes: Cause[] = [];
    checkLabelSelector(causes, nodeTopology, 'nodeTopology');
    checkFormat(causes, 'storageClassName', storageClassName ?? '', dns1123Subdomain);
    if (capacity !== undefined && parseQuantity(capacity).sign() < 0) {
      causes.push(invalidValue('capacity', capacity, NEGATIVE_ERROR));
    }
    return causes;
  },
  validateUpdate(object: CSIStorageCapacity, old: CSIStorageCapacity) {
    const causes: Cause[] = [];
    checkImmutable(causes, 'nodeTopology', object.nodeTopology, old.nodeTopology);
    checkImmutable(causes, 'storageClassName', object.storageClassName, old.storageClassName);
    return causes;
  },
  unconditionalUpdate: false,
  warnings({ nodeTopology }: CSIStorageCapacity) {
    const warnings: string[] = [];
    warnOfNodeSelector(warnings, nodeTopology, 'nodeTopology');
    return warnings;
  },
};
