import type { ResourceInfo } from '../../../lib/api/resources.ts';

export const METRICS_GROUP = 'metrics.k8s.io';

/** What `kubectl top` and autoscalers ask for. Source: k8s.io/metrics/pkg/apis/metrics/v1beta1, as metrics-server serves it. */
export const metricsRows: readonly ResourceInfo[] = [
  row('nodes', 'NodeMetrics', false),
  row('pods', 'PodMetrics', true),
];

function row(resource: string, kind: string, namespaced: boolean): ResourceInfo {
  return {
    group: METRICS_GROUP,
    version: 'v1beta1',
    resource,
    kind,
    singular: '',
    namespaced,
    shortNames: [],
    categories: [],
    verbs: ['get', 'list'],
    subresources: new Map(),
  };
}
