import { dns1123Label, labelValue, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { DeviceTaint, DeviceTaintRule, DeviceTaintSelector } from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { checkFormat, checkRequiredOneOf } from '../check.ts';
import { keepStatus, onlyStatus } from '../status.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';
import { checkPoolName } from './pool-name.ts';

const EFFECTS = ['NoExecute', 'NoSchedule', 'None'];

/** Source: validateDeviceTaintRuleSpec in k8s.io/kubernetes/pkg/apis/resource/validation. */
function validate(object: DeviceTaintRule, old?: DeviceTaintRule): Cause[] {
  const causes: Cause[] = [];
  checkSelector(causes, object.spec?.deviceSelector ?? {}, 'spec.deviceSelector');
  const taint = object.spec?.taint ?? ({} as DeviceTaint);
  checkFormat(causes, 'spec.taint.key', taint.key ?? '', qualifiedName);
  checkFormat(causes, 'spec.taint.value', taint.value ?? '', labelValue);
  if (!old || old.spec.taint.effect !== taint.effect) {
    checkRequiredOneOf(causes, 'spec.taint.effect', taint.effect, EFFECTS);
  }
  return causes;
}

function checkSelector(causes: Cause[], { driver, pool, device }: DeviceTaintSelector, path: string): void {
  if (driver !== undefined) checkCsiDriverName(causes, driver, `${path}.driver`);
  if (pool !== undefined) checkPoolName(causes, pool, `${path}.pool`);
  if (device !== undefined) checkFormat(causes, `${path}.device`, device, dns1123Label);
}

export const deviceTaintRule: KindRules = {
  prepareForCreate(object: DeviceTaintRule, { now }: RuleContext) {
    object.status = {};
    if (object.spec?.taint) object.spec.taint.timeAdded ??= now;
  },
  /** The time tells since when the effect holds: another effect starts it anew. */
  prepareForUpdate(object: DeviceTaintRule, old: DeviceTaintRule, { now }: RuleContext) {
    keepStatus(object, old);
    const [taint, before] = [object.spec?.taint, old.spec.taint];
    if (!taint) return;
    taint.timeAdded ??= now;
    if (taint.effect !== before.effect && taint.timeAdded === before.timeAdded) taint.timeAdded = now;
  },
  prepareForStatusUpdate: onlyStatus,
  unconditionalUpdate: false,
  validate,
  validateUpdate: validate,
  generationFrom: ['spec'],
};
