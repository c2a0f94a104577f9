import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { LabelSelector } from '../../../../lib/api/types.ts';
import { checkLabelSelector, isEmptySelector } from '../label-selector.ts';

/** A workload without a selector, or with an empty one, would own every pod. */
export function checkWorkloadSelector(causes: Cause[], selector: LabelSelector | undefined, owner: string): void {
  if (!selector) {
    causes.push(required('spec.selector'));
    return;
  }
  checkLabelSelector(causes, selector, 'spec.selector');
  if (isEmptySelector(selector)) {
    causes.push(invalidValue('spec.selector', selector, `empty selector is invalid for ${owner}`));
  }
}
