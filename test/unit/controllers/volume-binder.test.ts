import { type ClaimWorld, planClaim } from '../../../functions/controllers/storage/binder/plan-claim.ts';
import { planVolume } from '../../../functions/controllers/storage/binder/plan-volume.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { PersistentVolume, StorageClass } from '../../../lib/api/types.ts';
import { BIND_COMPLETED, PROVISIONED_BY, SELECTED_NODE } from '../../../lib/api/volumes/annotations.ts';
import { claimBoundTo, unboundVolume, volumeBoundTo } from '../../../lib/api/volumes/bind.ts';
import { findMatchingVolume } from '../../../lib/api/volumes/match-volume.ts';
import { node } from '../../builders/objects.ts';
import { claim, claimRef, storageClass, volume } from '../../builders/volumes.ts';

function world(volumes: Stored<PersistentVolume>[] = [], classes: Stored<StorageClass>[] = [], pods: string[] = []) {
  const found: ClaimWorld = {
    volume: (name) => volumes.find(({ metadata }) => metadata.name === name),
    volumes: () => volumes,
    storageClass: (name) => classes.find(({ metadata }) => metadata.name === name),
    waitingPods: () => pods,
  };
  return found;
}

const mine = claim('mine');
const other = claim('other');
const delayed = storageClass('delayed', { volumeBindingMode: 'WaitForFirstConsumer' });

describe('the volume that is chosen for a claim', () => {
  const chosen = (volumes: Stored<PersistentVolume>[], wanted = mine, options = {}) =>
    findMatchingVolume(wanted, volumes, options)?.metadata.name;

  test('is the smallest that is large enough', () => {
    expect(
      chosen([volume('big', { size: '9Gi' }), volume('small', { size: '2Gi' }), volume('tiny', { size: '1Mi' })]),
    ).toBe('small');
  });

  test('has the class, the modes and the labels that are asked for', () => {
    const wanted = claim('w', { spec: { storageClassName: 'c', selector: { matchLabels: { disk: 'ssd' } } } });
    const spec = { storageClassName: 'c' };
    expect(chosen([volume('a'), volume('b', { spec }), volume('c', { spec, labels: { disk: 'ssd' } })], wanted)).toBe(
      'c',
    );
    expect(chosen([volume('ro', { spec: { accessModes: ['ReadOnlyMany'] } })])).toBeUndefined();
    expect(chosen([volume('block', { spec: { volumeMode: 'Block' } })])).toBeUndefined();
  });

  test('is the one that was reserved for it, however large others are', () => {
    expect(chosen([volume('free'), volume('reserved', { size: '9Gi', spec: claimRef(mine, false) })])).toBe('reserved');
    expect(chosen([volume('theirs', { spec: claimRef(other) })])).toBeUndefined();
  });

  test('can be reached from the node, and was not given away', () => {
    const volumes = [volume('there', { node: 'n2' }), volume('here', { node: 'n1', size: '5Gi' })];
    expect(chosen(volumes, mine, { node: node({ name: 'n1' }) })).toBe('here');
    expect(chosen(volumes, mine, { node: node({ name: 'n1' }), excluded: new Set(['here']) })).toBeUndefined();
  });

  test('is free: neither being deleted nor released', () => {
    expect(chosen([volume('released', { phase: 'Released' })])).toBeUndefined();
  });
});

describe('a claim without a volume', () => {
  test('is bound to the best match', () => {
    const best = volume('v');
    expect(planClaim(mine, world([best]))).toEqual({ do: 'bind', volume: best });
  });

  test('waits for a volume when it has no class', () => {
    const message = 'no persistent volumes available for this claim and no storage class is set';
    expect(planClaim(mine, world())).toEqual({
      do: 'wait',
      event: { type: 'Normal', reason: 'FailedBinding', message },
    });
  });

  test.each([
    [[], 'WaitForFirstConsumer', 'waiting for first consumer to be created before binding'],
    [['p'], 'WaitForPodScheduled', 'waiting for pod p to be scheduled'],
    [['p', 'q'], 'WaitForPodScheduled', 'waiting for pods p,q to be scheduled'],
  ])('of a delayed class with the pods %j says %s', (pods, reason, message) => {
    const wanted = claim('w', { spec: { storageClassName: 'delayed' } });
    const free = volume('free', { spec: { storageClassName: 'delayed' } });
    const plan = planClaim(wanted, world([free], [delayed], pods));
    expect(plan).toEqual({ do: 'wait', event: { type: 'Normal', reason, message } });
  });

  test('of a delayed class is provisioned once the scheduler has chosen a node', () => {
    const wanted = claim('w', { annotations: { [SELECTED_NODE]: 'n1' }, spec: { storageClassName: 'delayed' } });
    expect(planClaim(wanted, world([], [delayed]))).toEqual({ do: 'provision', provisioner: 'example.org/disks' });
  });

  test.each([
    ['no such class', [], 'storageclass.storage.k8s.io "c" not found'],
    [
      'a class without a provisioner',
      [storageClass('c', { provisioner: 'kubernetes.io/no-provisioner' })],
      'no volume plugin matched name: kubernetes.io/no-provisioner',
    ],
  ])('and with %s says why', (_, classes, message) => {
    const plan = planClaim(claim('w', { spec: { storageClassName: 'c' } }), world([], classes));
    expect(plan).toEqual({ do: 'wait', event: { type: 'Warning', reason: 'ProvisioningFailed', message } });
  });

  test('that names a volume gets it, or is told why not', () => {
    const wanted = claim('w', { size: '2Gi', spec: { volumeName: 'v' } });
    expect(planClaim(wanted, world([volume('v', { size: '2Gi' })])).do).toBe('bind');
    expect(planClaim(wanted, world())).toEqual({ do: 'wait' });
    const small = planClaim(wanted, world([volume('v')]));
    const taken = planClaim(wanted, world([volume('v', { spec: claimRef(other) })]));
    expect([small, taken].map((plan) => (plan.do === 'wait' ? plan.event?.message : plan.do))).toEqual([
      'Cannot bind to requested volume "v": requested PV is too small',
      'volume "v" already bound to a different claim.',
    ]);
  });
});

describe('a claim that was bound', () => {
  const bound = claim('mine', { annotations: { [BIND_COMPLETED]: 'yes' }, spec: { volumeName: 'v' } });

  test('is lost when its volume is', () => {
    const event = {
      type: 'Warning',
      reason: 'ClaimLost',
      message: 'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
    };
    expect(planClaim(bound, world())).toEqual({ do: 'lose', event });
  });

  test('is misbound when the volume is another’s', () => {
    const plan = planClaim(bound, world([volume('v', { spec: claimRef(other) })]));
    expect(plan).toMatchObject({ do: 'lose', event: { reason: 'ClaimMisbound' } });
  });

  test('is bound anew to a volume that forgot it', () => {
    expect(planClaim(bound, world([volume('v')])).do).toBe('bind');
  });
});

describe('a volume', () => {
  test.each([
    ['that nobody claims is Available', volume('v'), undefined, 'Available'],
    ['that is reserved by name is Available', volume('v', { spec: claimRef(mine, false) }), undefined, 'Available'],
    [
      'whose claim names it is Bound',
      volume('v', { spec: claimRef(mine) }),
      claim('mine', { spec: { volumeName: 'v' } }),
      'Bound',
    ],
  ])('%s', (_, one, owner, phase) => {
    expect(planVolume(one, owner)).toEqual({ do: 'phase', phase });
  });

  test('whose claim is gone is released; one that nobody can delete has failed', () => {
    const spec = claimRef(mine);
    const annotations = { [PROVISIONED_BY]: 'example.org/disks' };
    const policy = { ...spec, persistentVolumeReclaimPolicy: 'Delete' };
    expect(planVolume(volume('v', { spec }), undefined)).toEqual({ do: 'release' });
    expect(planVolume(volume('v', { spec: policy, annotations }), undefined)).toEqual({ do: 'release' });
    expect(planVolume(volume('v', { spec: policy }), undefined)).toMatchObject({
      failure: { reason: 'VolumeFailedDelete' },
    });
  });

  test('whose claim went elsewhere is let go', () => {
    const elsewhere = claim('mine', { spec: { volumeName: 'w' } });
    expect(planVolume(volume('v', { spec: claimRef(mine) }), elsewhere)).toEqual({ do: 'unbind' });
  });
});

describe('both sides of a binding', () => {
  test('are written once, and undone as they were before', () => {
    const free = volume('v');
    const bound = volumeBoundTo(free, mine)!;
    expect(volumeBoundTo(bound, mine)).toBeUndefined();
    expect(unboundVolume(bound).spec).toEqual(free.spec);
    const named = claimBoundTo(mine, bound)!;
    expect(claimBoundTo(named, bound)).toBeUndefined();
    expect(named.spec?.volumeName).toBe('v');
  });

  test('that an owner reserved stay reserved by name', () => {
    const bound = volumeBoundTo(volume('v', { spec: claimRef(mine, false) }), mine)!;
    expect(unboundVolume(bound).spec?.claimRef).toMatchObject({ name: 'mine' });
    expect(unboundVolume(bound).spec?.claimRef?.uid).toBeUndefined();
  });
});
