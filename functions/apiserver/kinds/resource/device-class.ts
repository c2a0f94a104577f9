import type { Cause } from '../../../../lib/api/status.ts';
import type { DeviceClass } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkConfiguration, checkSelectors } from './device-configuration.ts';

function validate({ spec }: DeviceClass): Cause[] {
  const causes: Cause[] = [];
  checkSelectors(causes, spec?.selectors, 'spec.selectors');
  spec?.config?.forEach((config, i) => {
    checkConfiguration(causes, config, `spec.config[${i}]`);
  });
  return causes;
}

export const deviceClass: KindRules = {
  defaults(object: DeviceClass) {
    object.spec ??= {};
  },
  validate,
  validateUpdate: validate,
  generationFrom: ['spec'],
};
