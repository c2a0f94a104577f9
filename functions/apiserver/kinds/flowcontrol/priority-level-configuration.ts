import { forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
} from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkRequiredOneOf } from '../check.ts';
import { onlyStatus, statusKept } from '../status.ts';

/** Source: k8s.io/kubernetes/pkg/apis/flowcontrol/v1/defaults.go. */
function defaults({ spec }: PriorityLevelConfiguration): void {
  if (spec?.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (!spec?.limited) return;
  spec.limited.nominalConcurrencyShares ??= 30;
  spec.limited.lendablePercent ??= 0;
  const queuing = spec.limited.limitResponse?.queuing;
  if (!queuing) return;
  queuing.handSize ||= 8;
  queuing.queues ||= 64;
  queuing.queueLengthLimit ||= 50;
}

/** Source: ValidatePriorityLevelConfigurationSpec in k8s.io/kubernetes/pkg/apis/flowcontrol/validation. */
function validate({ metadata, spec: given }: PriorityLevelConfiguration): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as PriorityLevelConfigurationSpec);
  const { type, limited, exempt } = spec;
  if ((metadata?.name === 'exempt') !== (type === 'Exempt')) {
    causes.push(invalidValue('spec.type', type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  checkRequiredOneOf(causes, 'spec.type', type, ['Exempt', 'Limited']);
  if (type === 'Exempt' && limited) {
    causes.push(forbiddenField('spec.limited', ''));
  }
  if (type !== 'Limited') return causes;
  if (exempt) causes.push(forbiddenField('spec.exempt', ''));
  if (limited) checkLimited(causes, limited, 'spec.limited');
  else causes.push(required('spec.limited'));
  return causes;
}

function checkLimited(causes: Cause[], limited: LimitedPriorityLevelConfiguration, path: string): void {
  const { nominalConcurrencyShares: shares = 0, lendablePercent = 0, borrowingLimitPercent: borrowing } = limited;
  if (shares < 0) {
    causes.push(invalidValue(`${path}.nominalConcurrencyShares`, shares, 'must be a non-negative integer'));
  }
  checkResponse(causes, limited.limitResponse ?? ({} as LimitResponse), `${path}.limitResponse`);
  if (lendablePercent < 0 || lendablePercent > 100) {
    causes.push(invalidValue(`${path}.lendablePercent`, lendablePercent, 'must be between 0 and 100, inclusive'));
  }
  if (borrowing === undefined || borrowing >= 0) return;
  causes.push(invalidValue(`${path}.borrowingLimitPercent`, borrowing, 'if specified, must be a non-negative integer'));
}

function checkResponse(causes: Cause[], { type, queuing }: LimitResponse, path: string): void {
  checkRequiredOneOf(causes, `${path}.type`, type, ['Queue', 'Reject']);
  const field = `${path}.queuing`;
  if (type === 'Reject' && queuing) {
    causes.push(forbiddenField(field, ''));
  }
  if (type !== 'Queue') return;
  if (!queuing) {
    causes.push(required(field));
    return;
  }
  const { queueLengthLimit = 0, queues = 0, handSize = 0 } = queuing;
  for (const [name, value] of Object.entries({ queueLengthLimit, queues, handSize })) {
    if (value <= 0) causes.push(invalidValue(`${field}.${name}`, value, 'must be positive'));
  }
  if (handSize > queues) {
    const why = `should not be greater than queues (${queues})`;
    causes.push(invalidValue(`${field}.handSize`, handSize, why));
  }
}

export const priorityLevelConfiguration: KindRules = {
  ...statusKept(),
  prepareForStatusUpdate: onlyStatus,
  defaults,
  validate,
  validateUpdate: validate,
  generationFrom: ['spec'],
};
