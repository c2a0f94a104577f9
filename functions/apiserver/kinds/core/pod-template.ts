import type { Cause } from '../../../../lib/api/status.ts';
import type { PodTemplate } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkPodTemplate } from '../pod-spec/template.ts';
import { templateWarnings } from '../warnings/pod.ts';
import { isSame } from '../warnings/workload.ts';

export const podTemplate: KindRules = {
  defaults({ template }: PodTemplate) {
    defaultPodTemplate(template);
  },
  validate({ template }: PodTemplate) {
    const causes: Cause[] = [];
    checkPodTemplate(causes, template ?? {}, 'template');
    return causes;
  },
  generationFrom: ['template'],
  warnings(object: PodTemplate, old?: PodTemplate) {
    return isSame(object, old) ? [] : templateWarnings(object.template, 'template');
  },
};
