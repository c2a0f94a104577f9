import { createControllers } from '../../functions/controllers/index.ts';
import type { VolumeAttachment } from '../../lib/api/types.ts';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '../../lib/client/resource-type.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode } from './fake-kubelet.ts';

let simulation: Simulation;
const web = { namespace: 'default', name: 'web' };
const VOLUME_IN_USE = 'kubernetes.io/csi/example.com^handle';

beforeEach(async () => {
  simulation = await simulate({ scheduler: true, controllers: createControllers });
  const { client } = simulation;
  await addNode(client, 'n1');
  await client.create(persistentVolumes, {
    metadata: { name: 'disk' },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      persistentVolumeReclaimPolicy: 'Retain',
      csi: { driver: 'example.com', volumeHandle: 'handle' },
    },
  });
  await client.create(persistentVolumeClaims, {
    metadata: { namespace: 'default', name: 'data' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: '',
      volumeName: 'disk',
      resources: { requests: { storage: '1Gi' } },
    },
  });
  await client.create(pods, {
    metadata: web,
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }],
    },
  });
  await simulation.pass(10_000);
});
afterEach(() => simulation.stop());

const attachments = async (): Promise<(VolumeAttachment['spec'] & object)[]> =>
  (await simulation.client.list(volumeAttachments)).items.map(({ spec }) => spec!);

const setInUse = (volumesInUse: string[]) =>
  simulation.client.patch(
    nodes,
    { name: 'n1' },
    { type: 'merge', body: { status: { volumesInUse } } },
    { subresource: 'status' },
  );

test('a CSI volume is attached to the node of its pod, and detached once the node has let go of it', async () => {
  const { client } = simulation;
  const spec = { attacher: 'example.com', nodeName: 'n1', source: { persistentVolumeName: 'disk' } };
  expect(await attachments()).toEqual([spec]);
  await setInUse([VOLUME_IN_USE]);
  await client.delete(pods, web, { gracePeriodSeconds: 0 });
  await simulation.pass(60_000);
  expect(await attachments()).toEqual([spec]);
  await setInUse([]);
  await simulation.pass(10_000);
  expect(await attachments()).toEqual([]);
});

test('an attachment that somebody else made is left alone', async () => {
  const spec = { attacher: 'example.com', nodeName: 'n1', source: { persistentVolumeName: 'other' } };
  await simulation.client.create(volumeAttachments, { metadata: { name: 'mine' }, spec });
  await simulation.pass(60_000);
  expect(await attachments()).toContainEqual(spec);
});
