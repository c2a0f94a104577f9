import type { KubeObject } from '../../../../lib/api/object.ts';
import type { Conversion } from './index.ts';

/** Field names of events.k8s.io/v1 and of the core Event that is stored. Source: pkg/apis/events/v1/conversion.go. */
const CORE_NAMES: Readonly<Record<string, string>> = {
  note: 'message',
  regarding: 'involvedObject',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  reportingController: 'reportingComponent',
};
const EVENTS_NAMES = Object.fromEntries(Object.entries(CORE_NAMES).map(([events, core]) => [core, events]));

export const event: Conversion = {
  stored: { apiVersion: 'v1', kind: 'Event' },
  toStored: (object) => ({ ...rename(object, CORE_NAMES), apiVersion: 'v1' }),
  fromStored: (object) => ({ ...rename(object, EVENTS_NAMES), apiVersion: 'events.k8s.io/v1' }),
};

function rename(object: KubeObject, names: Readonly<Record<string, string>>): KubeObject {
  return Object.fromEntries(Object.entries(object).map(([field, value]) => [names[field] ?? field, value]));
}
