import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalPathParts } from '../../agent/local-path/local-path.ts';
import { createProvisioner } from '../../agent/local-path/provision.ts';
import { createReclaimer } from '../../agent/local-path/reclaim.ts';
import { createResizer } from '../../agent/local-path/resize.ts';
import { LocalStore } from '../../agent/local-path/store.ts';
import type { ControllerDependencies } from '../../functions/controllers/dependencies.ts';
import { createControllers } from '../../functions/controllers/index.ts';
import type { PersistentVolumeClaim, Pod } from '../../lib/api/types.ts';
import { LOCAL_PATH_PROVISIONER } from '../../lib/api/volumes/annotations.ts';
import { createRecorder } from '../../lib/client/events.ts';
import {
  events,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../lib/client/resource-type.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode } from './fake-kubelet.ts';

const NODES = ['n1', 'n2'];
let folder: string;
let simulation: Simulation;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'zeroplane-volumes-'));
  simulation = await simulate({ scheduler: true, controllers: (d) => [...createControllers(d), ...provisioners(d)] });
  const { client } = simulation;
  for (const name of NODES) await addNode(client, name);
  for (const [name, volumeBindingMode] of [
    ['delayed', 'WaitForFirstConsumer'],
    ['immediate', 'Immediate'],
  ])
    await client.create(storageClasses, {
      metadata: { name },
      provisioner: LOCAL_PATH_PROVISIONER,
      volumeBindingMode,
      allowVolumeExpansion: true,
    });
});
afterEach(async () => {
  await simulation.stop();
  rmSync(folder, { recursive: true });
});

/** The provisioners of both nodes, over real folders. */
function provisioners({ caches, clientFor, clock, random }: ControllerDependencies) {
  return NODES.flatMap((nodeName) => {
    const client = clientFor('local-path-provisioner');
    const recorder = createRecorder(client, { component: LOCAL_PATH_PROVISIONER, clock, random });
    const store = new LocalStore(join(folder, nodeName));
    const growFileSystem = async () => true;
    const inUse = async () => false;
    const parts: LocalPathParts = { client, caches, recorder, nodeName, store, clock, growFileSystem, inUse };
    const named = [createProvisioner(parts), createReclaimer(parts), createResizer(parts)];
    return named.map((controller) => ({ ...controller, name: `${controller.name}-${nodeName}` }));
  });
}

function claim(
  name: string,
  storageClassName: string,
  more: PersistentVolumeClaim['spec'] = {},
): PersistentVolumeClaim {
  const resources = { requests: { storage: '1Mi' } };
  return {
    metadata: { namespace: 'default', name },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources, ...more },
  };
}

function podWith(name: string, claimName: string, spec: Partial<Pod['spec']> = {}): Pod {
  return {
    metadata: { namespace: 'default', name },
    spec: {
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
      ...spec,
    },
  };
}

/** Folders are made by the disk's time, not by the simulation's: seconds pass until it has come so far. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let second = 0; second < 300 && !(await holds()); second++) await simulation.pass(1000);
  expect(await holds()).toBe(true);
}

const isBound = (name: string) => async () => (await read.claim(name)).status?.phase === 'Bound';
const isPlaced = (name: string) => async () => (await read.pod(name)).spec?.nodeName !== undefined;
const saysOf = (name: string, text: string) => async () =>
  (await read.pod(name)).status?.conditions?.[0]?.message?.includes(text) === true;

const read = {
  claim: (name: string) => simulation.client.get(persistentVolumeClaims, { namespace: 'default', name }),
  pod: (name: string) => simulation.client.get(pods, { namespace: 'default', name }),
  volumes: async () => (await simulation.client.list(persistentVolumes)).items,
  reasons: async (reason: string) =>
    (await simulation.client.list(events)).items
      .filter((event) => event.reason === reason)
      .map(({ message }) => message),
};

test('a delayed claim gets its volume on the node that its pod gets, and the volume goes with the claim', async () => {
  const { client } = simulation;
  await client.create(persistentVolumeClaims, claim('data', 'delayed'));
  await simulation.pass(2000);
  expect((await read.claim('data')).status?.phase).toBe('Pending');
  await client.create(pods, podWith('p', 'data', { nodeSelector: { 'kubernetes.io/hostname': 'n2' } }));
  await until(isPlaced('p'));
  expect((await read.pod('p')).spec?.nodeName).toBe('n2');
  const [volume] = await read.volumes();
  expect(volume?.status?.phase).toBe('Bound');
  const path = volume!.spec!.local!.path;
  expect(path.startsWith(join(folder, 'n2'))).toBe(true);
  writeFileSync(join(path, 'file'), 'x');
  await client.delete(pods, { namespace: 'default', name: 'p' }, { gracePeriodSeconds: 0 });
  await client.delete(persistentVolumeClaims, { namespace: 'default', name: 'data' });
  await until(async () => (await read.volumes()).length === 0);
  expect(existsSync(path)).toBe(false);
});

test('an immediate claim gets one volume, whichever node is faster', async () => {
  await simulation.client.create(persistentVolumeClaims, claim('data', 'immediate'));
  await until(isBound('data'));
  expect((await read.claim('data')).status?.capacity).toEqual({ storage: '1Mi' });
  const name = `pvc-${(await read.claim('data')).metadata.uid}`;
  const made = async () => NODES.filter((node) => existsSync(join(folder, node, name))).length;
  await until(async () => (await made()) === 1);
  expect((await read.volumes()).length).toBe(1);
});

test('a volume on another node keeps a pod from every node but its own', async () => {
  const { client } = simulation;
  await client.create(persistentVolumeClaims, claim('data', 'immediate'));
  await until(isBound('data'));
  const [volume] = await read.volumes();
  const home = volume!.spec!.nodeAffinity!.required!.nodeSelectorTerms[0]!.matchExpressions![0]!.values![0]!;
  const away = NODES.find((name) => name !== home)!;
  await client.create(pods, podWith('home', 'data'));
  await client.create(pods, podWith('away', 'data', { nodeSelector: { 'kubernetes.io/hostname': away } }));
  await until(isPlaced('home'));
  expect((await read.pod('home')).spec?.nodeName).toBe(home);
  await until(saysOf('away', "1 node(s) didn't match PersistentVolume's node affinity"));
});

test('what a pod lacks is said as kube-scheduler says it, and mended when it comes', async () => {
  const { client } = simulation;
  await client.create(pods, podWith('p', 'data'));
  await until(saysOf('p', '0/2 nodes are available: persistentvolumeclaim "data" not found.'));
  await client.create(persistentVolumeClaims, claim('data', 'nowhere'));
  await until(saysOf('p', 'pod has unbound immediate PersistentVolumeClaims'));
  await client.delete(persistentVolumeClaims, { namespace: 'default', name: 'data' });
  await until(saysOf('p', 'persistentvolumeclaim "data" not found'));
  await client.create(persistentVolumeClaims, claim('data', 'delayed'));
  await until(isPlaced('p'));
});

test('a ReadWriteOncePod claim has one pod', async () => {
  const { client } = simulation;
  await client.create(persistentVolumeClaims, claim('data', 'delayed', { accessModes: ['ReadWriteOncePod'] }));
  await client.create(pods, podWith('first', 'data'));
  await until(isPlaced('first'));
  await client.create(pods, podWith('second', 'data'));
  const why =
    'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';
  await until(saysOf('second', why));
  await client.delete(pods, { namespace: 'default', name: 'first' }, { gracePeriodSeconds: 0 });
  await until(isPlaced('second'));
});

test('pods that are planned together do not get one volume twice', async () => {
  const { client } = simulation;
  await client.create(storageClasses, {
    metadata: { name: 'by-hand' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  for (const name of ['a', 'b']) {
    await client.create(persistentVolumes, {
      metadata: { name },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        storageClassName: 'by-hand',
        hostPath: { path: `/tmp/${name}` },
      },
    });
    await client.create(persistentVolumeClaims, claim(name, 'by-hand'));
  }
  await simulation.pass(1000);
  for (const name of ['a', 'b', 'c']) await client.create(pods, podWith(name, name));
  await client.create(persistentVolumeClaims, claim('c', 'by-hand'));
  await until(saysOf('c', "2 node(s) didn't find available persistent volumes to bind"));
  await until(isPlaced('a'));
  await until(isPlaced('b'));
  const owners = (await read.volumes()).map(({ spec }) => spec?.claimRef?.name).sort();
  expect(owners).toEqual(['a', 'b']);
});

test('an ephemeral volume gets a claim that is the pod’s', async () => {
  const { client } = simulation;
  const { spec } = claim('unused', 'delayed');
  const volumes = [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: spec! } } }];
  await client.create(pods, podWith('p', 'none', { volumes }));
  await until(isPlaced('p'));
  expect((await read.claim('p-scratch')).metadata.ownerReferences).toMatchObject([{ kind: 'Pod', name: 'p' }]);
});

test('a claim that asks for more gets more', async () => {
  const { client } = simulation;
  await client.create(persistentVolumeClaims, claim('data', 'immediate', { volumeMode: 'Block' }));
  await until(isBound('data'));
  const body = { spec: { resources: { requests: { storage: '2Mi' } } } };
  await client.patch(persistentVolumeClaims, { namespace: 'default', name: 'data' }, { type: 'merge', body });
  await until(async () => (await read.claim('data')).status?.capacity?.['storage'] === '2Mi');
  expect((await read.volumes())[0]?.spec?.capacity).toEqual({ storage: '2Mi' });
});

test('a claim whose volume is taken away is lost', async () => {
  const { client } = simulation;
  await client.create(persistentVolumeClaims, claim('data', 'immediate'));
  await until(isBound('data'));
  const [volume] = await read.volumes();
  const { name } = volume!.metadata;
  await client.patch(persistentVolumes, { name }, { type: 'merge', body: { metadata: { finalizers: null } } });
  await client.delete(persistentVolumes, { name });
  // The protection comes back faster than a hand can take it away.
  await client
    .patch(persistentVolumes, { name }, { type: 'merge', body: { metadata: { finalizers: null } } })
    .catch(() => undefined);
  await until(async () => (await read.claim('data')).status?.phase === 'Lost');
  expect(await read.reasons('ClaimLost')).toEqual([
    'Bound claim has lost its PersistentVolume. Data on the volume is lost!',
  ]);
});
