import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { KindRules } from '../../contract.ts';
import { checkImmutable } from '../check.ts';
import { checkEvent } from '../core/event.ts';

/** Source: ValidateEventCreate in k8s.io/kubernetes/pkg/apis/core/validation/events.go: this version is strict. */
function validate(event: any): Cause[] {
  const causes: Cause[] = [];
  checkShape(causes, event);
  if (event.series) checkSeries(causes, event.series);
  if (!event.eventTime) causes.push(required('eventTime'));
  if (event.type !== 'Normal' && event.type !== 'Warning') {
    causes.push(invalidValue('type', '', `has invalid value: ${event.type ?? ''}`));
  }
  const unset = (field: string) => causes.push(invalidValue(field, '', 'needs to be unset'));
  if (event.deprecatedFirstTimestamp) unset('firstTimestamp');
  if (event.deprecatedLastTimestamp) unset('lastTimestamp');
  if (event.deprecatedCount) unset('count');
  if (event.deprecatedSource?.component || event.deprecatedSource?.host) unset('source');
  return causes;
}

function checkShape(causes: Cause[], event: any): void {
  const fields = {
    namespace: event.metadata?.namespace ?? '',
    objectNamespace: event.regarding?.namespace ?? '',
    eventTime: event.eventTime,
    reportingController: event.reportingController ?? '',
    reportingInstance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    message: event.note ?? '',
  };
  checkEvent(causes, fields, 'reportingController');
}

function checkSeries(
  causes: Cause[],
  { count = 0, lastObservedTime }: { count?: number; lastObservedTime?: string },
): void {
  if (count < 2) causes.push(invalidValue('series.count', '', 'should be at least 2'));
  if (!lastObservedTime) causes.push(required('series.lastObservedTime'));
}

/** Everything but the series stays; upstream names the fields of core/v1. */
const FIXED: Readonly<Record<string, string>> = {
  regarding: 'involvedObject',
  reason: 'reason',
  note: 'message',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  type: 'type',
  eventTime: 'eventTime',
  action: 'action',
  related: 'related',
  reportingController: 'reportingController',
  reportingInstance: 'reportingInstance',
};

export const eventsEvent: KindRules = {
  defaults(object: any) {
    object.eventTime ??= null;
    object.deprecatedSource ??= {};
    object.deprecatedFirstTimestamp ??= null;
    object.deprecatedLastTimestamp ??= null;
  },
  validate,
  validateUpdate(object: any, old: any) {
    const causes: Cause[] = [];
    checkShape(causes, object);
    for (const field in FIXED) checkImmutable(causes, FIXED[field]!, object[field], old[field]);
    return causes;
  },
  selectableFields: {
    reason: (object: any) => object.reason ?? '',
    'regarding.kind': (object: any) => object.regarding?.kind ?? '',
    'regarding.namespace': (object: any) => object.regarding?.namespace ?? '',
    'regarding.name': (object: any) => object.regarding?.name ?? '',
    'regarding.uid': (object: any) => object.regarding?.uid ?? '',
    reportingController: (object: any) => object.reportingController ?? '',
    type: (object: any) => object.type ?? '',
  },
  createOnUpdate: true,
};
