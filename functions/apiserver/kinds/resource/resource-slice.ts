import { duplicateValue, invalidValue } from '../../../../lib/api/causes.ts';
import { dns1123Label } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ResourceSlice, ResourceSliceSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable, checkRequired } from '../check.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';

/** Source: ValidateResourceSlice in k8s.io/kubernetes/pkg/apis/resource/validation. */
function validate({ spec: given }: ResourceSlice): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as ResourceSliceSpec);
  checkCsiDriverName(causes, spec.driver ?? '', 'spec.driver');
  checkRequired(causes, 'spec.pool.name', spec.pool?.name);
  if ((spec.pool?.resourceSliceCount ?? 0) <= 0) {
    causes.push(
      invalidValue('spec.pool.resourceSliceCount', spec.pool?.resourceSliceCount ?? 0, 'must be greater than zero'),
    );
  }
  const names = new Set<string>();
  spec.devices?.forEach(({ name }, i) => {
    const field = `spec.devices[${i}].name`;
    if (checkRequired(causes, field, name)) checkFormat(causes, field, name, dns1123Label);
    if (names.has(name)) causes.push(duplicateValue(`spec.devices[${i}]`, name));
    names.add(name);
  });
  return causes;
}

export const resourceSlice: KindRules = {
  validate,
  validateUpdate(object: ResourceSlice, old: ResourceSlice) {
    const causes = validate(object);
    checkImmutable(causes, 'spec.driver', object.spec?.driver, old.spec?.driver);
    checkImmutable(causes, 'spec.pool.name', object.spec?.pool?.name, old.spec?.pool?.name);
    checkImmutable(causes, 'spec.nodeName', object.spec?.nodeName, old.spec?.nodeName);
    return causes;
  },
  selectableFields: {
    'spec.nodeName': ({ spec }: ResourceSlice) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }: ResourceSlice) => spec?.driver ?? '',
    'spec.pool.name': ({ spec }: ResourceSlice) => spec?.pool?.name ?? '',
  },
  generationFrom: ['spec'],
};
