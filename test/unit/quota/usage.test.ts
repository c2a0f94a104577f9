import { quotaStatus } from '../../../functions/controllers/resource-quota/usage.ts';
import type { ResourceQuota } from '../../../lib/api/types.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const quota = (hard: Record<string, string>, spec: object = {}): ResourceQuota => ({ spec: { hard, ...spec } });
const used = (given: ResourceQuota, resource: string, objects: object[], group = '') =>
  quotaStatus(given, [{ group, resource, objects }], NOW).used;

const pod = (resources: object, spec: object = {}, more: object = {}) => ({
  metadata: {},
  spec: { containers: [{ name: 'c', resources }], ...spec },
  ...more,
});
const half = { requests: { cpu: '500m', memory: '1Gi', 'example.com/gpu': '1' }, limits: { cpu: '1' } };

describe('What a quota says is used', () => {
  test('adds up what pods ask for', () => {
    const hard = { pods: '5', cpu: '9', 'requests.memory': '9Gi', 'limits.cpu': '9', 'requests.example.com/gpu': '9' };
    expect(used(quota(hard), 'pods', [pod(half), pod(half)])).toEqual({
      pods: '2',
      cpu: '1',
      'requests.memory': '2Gi',
      'limits.cpu': '2',
      'requests.example.com/gpu': '2',
    });
  });

  test('is zero, not absent, where there is nothing', () => {
    expect(used(quota({ pods: '5', 'requests.cpu': '1' }), 'pods', [])).toEqual({ pods: '0', 'requests.cpu': '0' });
  });

  test.each([
    ['has succeeded', { status: { phase: 'Succeeded' } }],
    ['has failed', { status: { phase: 'Failed' } }],
    [
      'is past its time to end',
      { metadata: { deletionTimestamp: '2025-12-31T23:59:00Z', deletionGracePeriodSeconds: 30 } },
    ],
  ])('counts a pod that %s as an object only', (_, more) => {
    const hard = { pods: '5', 'count/pods': '5', cpu: '1' };
    expect(used(quota(hard), 'pods', [pod(half, {}, more)])).toEqual({ pods: '0', 'count/pods': '1', cpu: '0' });
  });

  test.each([
    ['Terminating', pod({}, { activeDeadlineSeconds: 5 }), pod({})],
    ['NotTerminating', pod({}), pod({}, { activeDeadlineSeconds: 5 })],
    ['BestEffort', pod({}), pod(half)],
    ['NotBestEffort', pod(half), pod({})],
    ['PriorityClass', pod({}, { priorityClassName: 'high' }), pod({})],
  ])('of scope %s counts only pods of it', (scope, inside, outside) => {
    const given = quota({ pods: '5' }, { scopes: [scope] });
    expect(used(given, 'pods', [inside, outside])).toEqual({ pods: '1' });
  });

  test('of some priority classes counts only theirs', () => {
    const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }];
    const given = quota({ pods: '5' }, { scopeSelector: { matchExpressions } });
    const of = (priorityClassName: string) => pod({}, { priorityClassName });
    expect(used(given, 'pods', [of('high'), of('low'), pod({})])).toEqual({ pods: '1' });
  });

  test('counts node ports by what services ask for', () => {
    const service = (type: string, ports: number) => ({ spec: { type, ports: Array(ports).fill({ port: 80 }) } });
    const hard = { services: '9', 'services.nodeports': '9', 'services.loadbalancers': '9' };
    const services = [service('ClusterIP', 1), service('NodePort', 2), service('LoadBalancer', 3)];
    expect(used(quota(hard), 'services', services)).toEqual({
      services: '3',
      'services.nodeports': '5',
      'services.loadbalancers': '1',
    });
  });

  test('counts storage by class', () => {
    const claim = (storageClassName: string) => ({
      spec: { storageClassName, resources: { requests: { storage: '1Gi' } } },
    });
    const gold = 'gold.storageclass.storage.k8s.io/requests.storage';
    const hard = { persistentvolumeclaims: '9', 'requests.storage': '9Gi', [gold]: '9Gi' };
    expect(used(quota(hard), 'persistentvolumeclaims', [claim('gold'), claim('tin')])).toEqual({
      persistentvolumeclaims: '2',
      'requests.storage': '2Gi',
      [gold]: '1Gi',
    });
  });

  test('counts any kind by its name', () => {
    expect(used(quota({ 'count/deployments.apps': '5' }), 'deployments', [{}, {}], 'apps')).toEqual({
      'count/deployments.apps': '2',
    });
    expect(used(quota({ configmaps: '5', 'count/configmaps': '5' }), 'configmaps', [{}])).toEqual({
      configmaps: '1',
      'count/configmaps': '1',
    });
  });
});
