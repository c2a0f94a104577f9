import { duplicateValue, invalidValue, required } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CSINode, CSINodeDriver } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkImmutable, checkNotNegative } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';
import { checkCsiDriverName } from './csi-driver-name.ts';

const NODE_ID_MAX = 256;

/** Source: ValidateCSINode in k8s.io/kubernetes/pkg/apis/storage/validation. */
function validate({ spec }: CSINode): Cause[] {
  const causes: Cause[] = [];
  const names = new Set<string>();
  spec?.drivers?.forEach((driver, i) => {
    const path = `spec.drivers[${i}]`;
    checkDriver(causes, driver, path);
    if (names.has(driver.name)) causes.push(duplicateValue(`${path}.name`, driver.name));
    names.add(driver.name);
  });
  return causes;
}

function checkDriver(causes: Cause[], driver: CSINodeDriver, path: string): void {
  const { name, nodeID = '', allocatable, topologyKeys } = driver;
  checkCsiDriverName(causes, name, `${path}.name`);
  if (!nodeID) causes.push(required(`${path}.nodeID`));
  if (nodeID.length > NODE_ID_MAX) {
    causes.push(invalidValue(`${path}.nodeID`, nodeID, `must be ${NODE_ID_MAX} characters or less`));
  }
  checkNotNegative(causes, `${path}.allocatable.count`, allocatable?.count);
  topologyKeys?.forEach((key, i) => {
    if (!key) causes.push(required(path));
    if (topologyKeys.indexOf(key) < i) causes.push(duplicateValue(path, key));
    checkFormat(causes, path, key, qualifiedName);
  });
}

export const csiNode: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  defaults({ spec }: CSINode) {
    for (const driver of spec?.drivers ?? []) driver.topologyKeys ??= null as never;
  },
  validate,
  /** A driver may only say anew how many volumes the node takes. */
  validateUpdate(object: CSINode, old: CSINode) {
    const causes = validate(object);
    for (const before of old.spec?.drivers ?? []) {
      const now = object.spec?.drivers?.find(({ name }) => name === before.name);
      if (!now) continue;
      checkImmutable(causes, 'spec.drivers', { ...now, allocatable: undefined }, { ...before, allocatable: undefined });
    }
    return causes;
  },
  unconditionalUpdate: false,
};
