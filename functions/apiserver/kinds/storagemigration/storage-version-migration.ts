import { invalidValue } from '../../../../lib/api/causes.ts';
import { dns1035Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { Condition, StorageVersionMigration } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkRequired, IMMUTABLE } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';

/** Source: ValidateStorageVersionMigration in k8s.io/kubernetes/pkg/apis/storagemigration/validation. */
function validate({ spec }: StorageVersionMigration): Cause[] {
  const causes: Cause[] = [];
  const { resource = '', group = '' } = spec?.resource ?? {};
  const field = 'spec.resource.resource';
  if (checkRequired(causes, field, resource, 'resource is required to be set')) {
    checkJoined(causes, field, resource, dns1035Label(resource));
  }
  if (group !== '') checkJoined(causes, 'spec.resource.group', group, dns1123Subdomain(group));
  return causes;
}

function checkJoined(causes: Cause[], field: string, value: string, faults: string[]): void {
  if (faults.length > 0) causes.push(invalidValue(field, value, faults.join(',')));
}

const isTrue = (conditions: Condition[], wanted: string) =>
  conditions.some(({ type, status }) => type === wanted && status === 'True');

/** What is over stays over, and cannot both have succeeded and failed. */
function validateStatusUpdate({ status = {} }: StorageVersionMigration, old: StorageVersionMigration): Cause[] {
  const causes: Cause[] = [];
  const { conditions = [], resourceVersion = '' } = status;
  const before = old.status ?? {};
  if (before.resourceVersion && before.resourceVersion !== resourceVersion) {
    causes.push(invalidValue('status.resourceVersion', resourceVersion, IMMUTABLE));
  }
  const fault = (why: string) => causes.push(invalidValue('status.conditions', conditions, why));
  const [succeeded, failed] = [isTrue(conditions, 'Succeeded'), isTrue(conditions, 'Failed')];
  if (succeeded && failed) fault('Both success and failed conditions cannot be true at the same time');
  if (isTrue(before.conditions ?? [], 'Succeeded') && !succeeded) {
    fault('Success condition cannot be set to false once it is true');
  }
  if (isTrue(before.conditions ?? [], 'Failed') && !failed) {
    fault('Failed condition cannot be set to false once it is true');
  }
  return causes;
}

export const storageVersionMigration: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  unconditionalUpdate: false,
  validate,
  validateUpdate(object: StorageVersionMigration, old: StorageVersionMigration) {
    const causes = validate(object);
    checkImmutable(causes, 'spec', object.spec, old.spec);
    return causes;
  },
  validateStatusUpdate,
};
