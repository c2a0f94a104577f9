import type { DeviceClass } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';

export const deviceClass: KindRules = {
  defaults(object: DeviceClass) {
    object.spec ??= {};
  },
  generationFrom: ['spec'],
};
