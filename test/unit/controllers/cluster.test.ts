import { type OwnerState, planDependent } from '../../../functions/controllers/garbage-collector/plan.ts';
import { namespaceConditions } from '../../../functions/controllers/namespace/conditions.ts';
import { taintsFor, unknownConditions } from '../../../functions/controllers/node/conditions.ts';
import { freeRange } from '../../../functions/controllers/node/node-ipam.ts';
import { evictInMs } from '../../../functions/controllers/node/taint-eviction.ts';
import { node } from '../../builders/objects.ts';

const NOW = Date.parse('2026-01-01T01:00:00Z');
const TIME = '2026-01-01T01:00:00Z';

describe('garbage collection plan', () => {
  const reference = (uid: string, state: OwnerState) => ({
    reference: { apiVersion: 'v1', kind: 'K', name: uid, uid },
    state,
  });
  const plan = (states: OwnerState[], more: Partial<Parameters<typeof planDependent>[0]> = {}) =>
    planDependent({
      references: states.map((state, i) => reference(`${state}-${i}`, state)),
      finalizers: [],
      hasDependents: false,
      hasWaitingDependents: false,
      ...more,
    });

  test.each<[string, OwnerState[], object, object]>([
    ['no owners', [], {}, { action: 'keep' }],
    ['an owner that is there', ['solid'], {}, { action: 'keep' }],
    ['an owner that is gone', ['dangling'], {}, { action: 'delete', propagation: 'Background', unblock: false }],
    ['one gone, one there', ['dangling', 'solid'], {}, { action: 'drop', uids: ['dangling-0'] }],
    ['an owner that waits', ['waiting'], {}, { action: 'delete', propagation: 'Background', unblock: false }],
    [
      'and dependents of its own',
      ['waiting'],
      { hasDependents: true },
      { action: 'delete', propagation: 'Foreground', unblock: false },
    ],
    [
      'which wait themselves',
      ['waiting'],
      { hasDependents: true, hasWaitingDependents: true },
      { action: 'delete', propagation: 'Foreground', unblock: true },
    ],
    [
      'it asked to orphan its own',
      ['dangling'],
      { finalizers: ['orphan'] },
      { action: 'delete', propagation: 'Orphan', unblock: false },
    ],
  ])('%s', (_name, states, more, expected) => {
    expect(plan(states, more)).toEqual(expected);
  });
});

describe('taint eviction', () => {
  const taint = (timeAdded = TIME) => ({ key: 'k', effect: 'NoExecute', timeAdded });
  const tolerate = (tolerationSeconds?: number) => ({
    key: 'k',
    operator: 'Exists',
    ...(tolerationSeconds !== undefined && { tolerationSeconds }),
  });

  test.each([
    ['nothing to tolerate', [], [], undefined],
    ['not tolerated', [taint()], [], 0],
    ['tolerated for ever', [taint()], [tolerate()], undefined],
    ['tolerated for a while', [taint()], [tolerate(300)], 300_000],
    ['counted from when the taint came', [taint('2026-01-01T00:58:00Z')], [tolerate(300)], 180_000],
    ['the shortest counts', [taint()], [tolerate(300), tolerate(60)], 60_000],
    ['over', [taint('2026-01-01T00:00:00Z')], [tolerate(300)], 0],
    ['counted from when the pod came', [taint('2026-01-01T00:00:00Z')], [tolerate(300)], 300_000, TIME],
  ])('%s', (_name, taints, tolerations, wait, bound = '2025-12-31T00:00:00Z') => {
    expect(evictInMs(taints, tolerations, NOW, Date.parse(bound))).toBe(wait);
  });
});

describe('node conditions', () => {
  const withConditions = (conditions: { type: string; status: string }[], spec = {}) => {
    const made = node({ spec });
    return { ...made, status: { ...made.status, conditions } };
  };

  test.each([
    ['ready', [{ type: 'Ready', status: 'True' }], {}, []],
    ['not ready', [{ type: 'Ready', status: 'False' }], {}, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['unknown', [{ type: 'Ready', status: 'Unknown' }], {}, ['unreachable:NoSchedule', 'unreachable:NoExecute']],
    [
      'short of memory',
      [
        { type: 'Ready', status: 'True' },
        { type: 'MemoryPressure', status: 'True' },
      ],
      {},
      ['memory-pressure:NoSchedule'],
    ],
    ['cordoned', [{ type: 'Ready', status: 'True' }], { unschedulable: true }, ['unschedulable:NoSchedule']],
  ])('taints of a node that is %s', (_name, conditions, spec, expected) => {
    const taints = taintsFor(withConditions(conditions, spec), TIME);
    expect(taints.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`)).toEqual(expected);
  });

  test("others' taints stay, ours go when they no longer hold", () => {
    const taints = [
      { key: 'mine', effect: 'NoSchedule' },
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: TIME },
    ];
    expect(taintsFor(withConditions([{ type: 'Ready', status: 'True' }], { taints }), TIME)).toEqual([taints[0]]);
  });

  test('silence makes all that the agent vouches for unknown, and leaves the rest', () => {
    const conditions = [
      { type: 'Ready', status: 'True' },
      { type: 'NetworkUnavailable', status: 'False' },
    ];
    const unknown = unknownConditions(withConditions(conditions), TIME);
    expect(
      Object.fromEntries(unknown.map(({ type, status, reason }) => [type, `${status} ${reason ?? ''}`.trim()])),
    ).toEqual({
      NetworkUnavailable: 'False',
      Ready: 'Unknown NodeStatusUnknown',
      MemoryPressure: 'Unknown NodeStatusNeverUpdated',
      DiskPressure: 'Unknown NodeStatusNeverUpdated',
      PIDPressure: 'Unknown NodeStatusNeverUpdated',
    });
  });

  test('the lowest free pod range is given', () => {
    const taken = node({ spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] } });
    expect(freeRange('10.244.0.0/16', [taken], new Map())).toBe('10.244.1.0/24');
    expect(freeRange('10.244.0.0/24', [taken], new Map())).toBeUndefined();
  });
});

describe('conditions of a namespace on its way out', () => {
  test('say what is left and why', () => {
    const findings = { deletionErrors: ['no'], remaining: new Map([['pods.', 2]]), finalizers: new Map([['x/y', 1]]) };
    const conditions = namespaceConditions(undefined, findings, TIME);
    expect(conditions.map(({ type, status, message }) => [type, status, message])).toEqual([
      ['NamespaceDeletionDiscoveryFailure', 'False', 'All resources successfully discovered'],
      ['NamespaceDeletionGroupVersionParsingFailure', 'False', 'All legacy kube types successfully parsed'],
      ['NamespaceDeletionContentFailure', 'True', 'Failed to delete all resource types, 1 remaining: no'],
      ['NamespaceContentRemaining', 'True', 'Some resources are remaining: pods. has 2 resource instances'],
      [
        'NamespaceFinalizersRemaining',
        'True',
        'Some content in the namespace has finalizers remaining: x/y in 1 resource instances',
      ],
    ]);
  });
});
