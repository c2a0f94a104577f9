import { invalidValue, required } from '../../../../lib/api/causes.ts';
import { qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat } from '../check.ts';

/** What both served forms of an event have in common, under the names of core/v1. */
export interface EventFields {
  namespace: string;
  objectNamespace: string;
  eventTime: string | null | undefined;
  reportingController: string;
  reportingInstance: string;
  action: string;
  reason: string;
  message: string;
}

const LENGTHS = { reportingInstance: 128, action: 128, reason: 128, message: 1024 } as const;
const CLUSTER_NAMESPACES = ['default', 'kube-system'];

/** Source: legacyValidateEvent in k8s.io/kubernetes/pkg/apis/core/validation/events.go. */
export function checkEvent(causes: Cause[], event: EventFields, controllerField: string): void {
  const { namespace, objectNamespace, eventTime } = event;
  const allowed = eventTime ? CLUSTER_NAMESPACES : ['', 'default'];
  const mismatch = objectNamespace ? !eventTime && namespace !== objectNamespace : !allowed.includes(namespace);
  if (mismatch) {
    causes.push(invalidValue('involvedObject.namespace', objectNamespace, 'does not match event.namespace'));
  }
  if (!eventTime) return;
  if (!event.reportingController) causes.push(required(controllerField));
  checkFormat(causes, controllerField, event.reportingController, qualifiedName);
  for (const [field, max] of Object.entries(LENGTHS) as [keyof typeof LENGTHS, number][]) {
    if (!event[field] && field !== 'message') causes.push(required(field));
    if (event[field].length > max) causes.push(invalidValue(field, '', `can have at most ${max} characters`));
  }
}

function fieldsOf(event: any): EventFields {
  return {
    namespace: event.metadata?.namespace ?? '',
    objectNamespace: event.involvedObject?.namespace ?? '',
    eventTime: event.eventTime,
    reportingController: event.reportingComponent ?? '',
    reportingInstance: event.reportingInstance ?? '',
    action: event.action ?? '',
    reason: event.reason ?? '',
    message: event.message ?? '',
  };
}

function validate(event: any): Cause[] {
  const causes: Cause[] = [];
  checkEvent(causes, fieldsOf(event), 'reportingComponent');
  return causes;
}

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const;

/** Events are stored once, as core/v1 has them. */
export const event: KindRules = {
  /** Fields that are written even when nothing is in them. */
  defaults(object: any) {
    object.source ??= {};
    object.firstTimestamp ??= null;
    object.lastTimestamp ??= null;
    object.eventTime ??= null;
    object.reportingComponent ??= '';
    object.reportingInstance ??= '';
  },
  validate,
  validateUpdate: validate,
  selectableFields: {
    ...Object.fromEntries(
      OBJECT_FIELDS.map((field) => [`involvedObject.${field}`, (object: any) => object.involvedObject?.[field] ?? '']),
    ),
    reason: (object: any) => object.reason ?? '',
    reportingComponent: (object: any) => object.reportingComponent ?? '',
    source: (object: any) => object.source?.component || (object.reportingComponent ?? ''),
    type: (object: any) => object.type ?? '',
  },
  createOnUpdate: true,
};
