import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { DaemonSet, DaemonSetSpec, RollingUpdateDaemonSet } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable, checkNotNegative } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkAtMost100Percent, checkIntOrPercent, intOrPercentNumber } from '../int-or-percent.ts';
import { checkLabelSelector, isEmptySelector, selectorMatches } from '../label-selector.ts';
import { defaultPodTemplate } from '../pod-spec/defaults.ts';
import { checkAlwaysRestarts, checkPodTemplate } from '../pod-spec/template.ts';
import { checkCollisionCount, checkCounts } from '../replica-status.ts';
import { statusKept } from '../status.ts';
import { templateWarnings } from '../warnings/pod.ts';

/** The template's generation, from the API's first version: kept in an annotation. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

/** Source: SetDefaults_DaemonSet in k8s.io/kubernetes/pkg/apis/apps/v1/defaults.go. */
function defaults({ spec }: DaemonSet): void {
  if (!spec) return;
  spec.updateStrategy ??= {};
  const { updateStrategy } = spec;
  updateStrategy.type ||= 'RollingUpdate';
  if (updateStrategy.type === 'RollingUpdate') {
    updateStrategy.rollingUpdate ??= {};
    updateStrategy.rollingUpdate.maxUnavailable ??= 1;
    updateStrategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= 10;
  defaultPodTemplate(spec.template);
}

/** Source: ValidateDaemonSetSpec in k8s.io/kubernetes/pkg/apis/apps/validation. */
function validate({ spec: given }: DaemonSet): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? ({} as DaemonSetSpec);
  const { selector, template = {} } = spec;
  checkLabelSelector(causes, selector, 'spec.selector');
  if (!selectorMatches(selector, template.metadata?.labels)) {
    const why = '`selector` does not match template `labels`';
    causes.push(invalidValue('spec.template.metadata.labels', template.metadata?.labels ?? null, why));
  }
  if (selector && isEmptySelector(selector)) {
    causes.push(invalidValue('spec.selector', selector, 'empty selector is invalid for daemonset'));
  }
  checkPodTemplate(causes, template, 'spec.template');
  checkAlwaysRestarts(causes, template, 'spec.template');
  if (template.spec?.activeDeadlineSeconds !== undefined) {
    const why = 'activeDeadlineSeconds in DaemonSet is not Supported';
    causes.push(forbiddenField('spec.template.spec.activeDeadlineSeconds', why));
  }
  checkNotNegative(causes, 'spec.minReadySeconds', spec.minReadySeconds);
  checkUpdateStrategy(causes, spec.updateStrategy ?? {});
  checkNotNegative(causes, 'spec.revisionHistoryLimit', spec.revisionHistoryLimit);
  return causes;
}

function checkUpdateStrategy(causes: Cause[], strategy: NonNullable<DaemonSetSpec['updateStrategy']>): void {
  const path = 'spec.updateStrategy';
  const { type, rollingUpdate } = strategy;
  if (type === 'OnDelete') return;
  if (type !== 'RollingUpdate') {
    const internal = { Type: type, RollingUpdate: rollingUpdate ?? null };
    causes.push(notSupported(path, internal, ['RollingUpdate', 'OnDelete']));
  } else if (rollingUpdate) checkRollingUpdate(causes, rollingUpdate, `${path}.rollingUpdate`);
  else causes.push(required(`${path}.rollingUpdate`));
}

function checkRollingUpdate(
  causes: Cause[],
  { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDaemonSet,
  path: string,
): void {
  for (const check of [checkIntOrPercent, checkAtMost100Percent]) {
    check(causes, maxUnavailable, `${path}.maxUnavailable`);
    check(causes, maxSurge, `${path}.maxSurge`);
  }
  const [unavailable, surge] = [intOrPercentNumber(maxUnavailable) !== 0, intOrPercentNumber(maxSurge) !== 0];
  if (unavailable && surge) {
    causes.push(invalidValue(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  } else if (!unavailable && !surge) {
    causes.push(required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'));
  }
}

function setTemplateGeneration(object: DaemonSet, generation: number): void {
  object.metadata ??= {};
  object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
];

const kept = statusKept(() => ({
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
}));

export const daemonSet: KindRules = {
  defaults,
  prepareForCreate(object: DaemonSet, context) {
    kept.prepareForCreate!(object, context);
    setTemplateGeneration(object, Number(object.metadata?.annotations?.[TEMPLATE_GENERATION]) || 1);
  },
  prepareForUpdate(object: DaemonSet, old: DaemonSet, context) {
    kept.prepareForUpdate!(object, old, context);
    const before = Number(old.metadata?.annotations?.[TEMPLATE_GENERATION]) || 0;
    const changed = !semanticEqual(object.spec?.template, old.spec?.template);
    setTemplateGeneration(object, changed ? before + 1 : before);
  },
  validate,
  validateUpdate(object: DaemonSet, old: DaemonSet) {
    const causes: Cause[] = [];
    checkImmutable(causes, 'spec.selector', object.spec?.selector, old.spec?.selector);
    return [...causes, ...validate(object)];
  },
  validateStatusUpdate({ status }: DaemonSet, old: DaemonSet) {
    const causes: Cause[] = [];
    const counts = (status ?? {}) as unknown as Record<string, number>;
    checkCounts(causes, counts, COUNTS);
    checkCollisionCount(causes, counts, (old.status ?? {}) as unknown as Record<string, number>);
    return causes;
  },
  generationFrom: ['spec'],
  /** Told again only with another template. */
  warnings(object: DaemonSet, old?: DaemonSet) {
    const generation = ({ metadata }: DaemonSet) => metadata?.annotations?.[TEMPLATE_GENERATION];
    return old && generation(object) === generation(old)
      ? []
      : templateWarnings(object.spec?.template, 'spec.template');
  },
};
