import { duplicateValue, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { ResourceSlice, ResourceSliceSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable } from '../check.ts';
import { checkNodeSelector } from '../pod-spec/affinity.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';
import { checkPoolName } from './pool-name.ts';

/** Source: validateResourceSliceSpec in k8s.io/kubernetes/pkg/apis/resource/validation. */
function validate({ spec: given }: ResourceSlice, old?: ResourceSlice): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as ResourceSliceSpec);
  checkCsiDriverName(causes, spec.driver ?? '', 'spec.driver');
  checkPool(causes, spec.pool);
  if (old) checkKept(causes, spec, old.spec);
  checkWhere(causes, spec);
  if (spec.sharedCounters && spec.devices) {
    causes.push(invalidValue('spec', '', 'only one of `sharedCounters` or `devices` is allowed'));
  }
  const names = new Set<string>();
  spec.devices?.forEach(({ name }, i) => {
    checkFormat(causes, `spec.devices[${i}].name`, name ?? '', dns1123Label);
    if (names.has(name)) causes.push(duplicateValue(`spec.devices[${i}]`, name));
    names.add(name);
  });
  return causes;
}

function checkPool(causes: Cause[], pool: ResourceSliceSpec['pool'] | undefined): void {
  const { name = '', resourceSliceCount = 0, generation = 0 } = pool ?? {};
  checkPoolName(causes, name, 'spec.pool.name');
  if (resourceSliceCount <= 0) {
    causes.push(invalidValue('spec.pool.resourceSliceCount', resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    causes.push(invalidValue('spec.pool.generation', generation, 'must be greater than or equal to zero'));
  }
}

function checkKept(causes: Cause[], spec: ResourceSliceSpec, old: ResourceSliceSpec): void {
  checkImmutable(causes, 'spec.pool.name', spec.pool?.name, old.pool?.name);
  checkImmutable(causes, 'spec.driver', spec.driver, old.driver);
  checkImmutable(causes, 'spec.nodeName', spec.nodeName, old.nodeName);
}

const PLACES = ['nodeName', 'nodeSelector', 'allNodes', 'perDeviceNodeSelection'] as const;
const ONE_PLACE = `exactly one of ${PLACES.map((place) => `\`${place}\``).join(', ')} is required`;

/** Exactly one way to say on which nodes the devices are. */
function checkWhere(causes: Cause[], spec: ResourceSliceSpec): void {
  const { nodeName, nodeSelector } = spec;
  if (nodeName === '') {
    causes.push(invalidValue('spec.nodeName', '', 'must be either unset or set to a non-empty string'));
  } else if (nodeName !== undefined) checkFormat(causes, 'spec.nodeName', nodeName, dns1123Subdomain);
  if (nodeSelector) {
    checkNodeSelector(causes, nodeSelector, 'spec.nodeSelector');
    const terms = nodeSelector.nodeSelectorTerms ?? [];
    if (terms.length !== 1) {
      const field = 'spec.nodeSelector.nodeSelectorTerms';
      causes.push(invalidValue(field, terms, 'must have exactly one node selector term'));
    }
  }
  for (const flag of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[flag] === false) {
      causes.push(invalidValue(`spec.${flag}`, false, 'must be either unset or set to true'));
    }
  }
  const set = PLACES.filter((place) => spec[place]);
  if (set.length === 0) causes.push(required('spec', ONE_PLACE));
  if (set.length > 1) {
    const shown = `{${set.map((place) => `\`${place}\``).join(', ')}}`;
    causes.push(invalidValue('spec', shown, `${ONE_PLACE}, but multiple fields are set`));
  }
}

export const resourceSlice: KindRules = {
  validate,
  validateUpdate: validate,
  selectableFields: {
    'spec.nodeName': ({ spec }: ResourceSlice) => spec?.nodeName ?? '',
    'spec.driver': ({ spec }: ResourceSlice) => spec?.driver ?? '',
    'spec.pool.name': ({ spec }: ResourceSlice) => spec?.pool?.name ?? '',
  },
  generationFrom: ['spec'],
};
