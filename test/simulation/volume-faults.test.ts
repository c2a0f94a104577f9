import type { PersistentVolume, PersistentVolumeClaim } from '../../lib/api/types.ts';
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../../lib/client/resource-type.ts';
import { type Simulation, simulate } from './control-plane.ts';
import { addNode, heartbeat } from './fake-kubelet.ts';
import { type Faults, NO_FAULTS } from './faults.ts';

const SEEDS = [1, 2, 3, 4, 5, 6];
const COUNT = 8;
const names = Array.from({ length: COUNT }, (_, i) => `c${i}`);

function volume(name: string, storageClassName: string): PersistentVolume {
  const spec = { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, storageClassName };
  return { metadata: { name }, spec: { ...spec, hostPath: { path: `/tmp/${name}` } } };
}

function claim(name: string, storageClassName: string): PersistentVolumeClaim {
  const resources = { requests: { storage: '1Gi' } };
  return {
    metadata: { namespace: 'default', name },
    spec: { accessModes: ['ReadWriteOnce'], storageClassName, resources },
  };
}

/** Half of them wait for a pod's node, half do not; some volumes are too many, so that binders and scheduler may collide. */
async function furnish({ client }: Simulation): Promise<void> {
  for (const name of ['n1', 'n2']) await addNode(client, name);
  const provisioner = 'kubernetes.io/no-provisioner';
  await client.create(storageClasses, {
    metadata: { name: 'delayed' },
    provisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
  });
  for (const [i, name] of names.entries()) {
    const storageClass = i % 2 ? 'delayed' : '';
    for (const copy of ['a', 'b']) await client.create(persistentVolumes, volume(`${name}-${copy}`, storageClass));
    await client.create(persistentVolumeClaims, claim(name, storageClass));
    await client.create(pods, {
      metadata: { namespace: 'default', name },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [{ name: 'v', persistentVolumeClaim: { claimName: name } }],
      },
    });
  }
}

test.each(SEEDS)(
  'seed %i: whatever is lost, refused or late, each claim has one volume and each volume one claim',
  async (seed) => {
    const faults: Faults = { lostRequest: 0.1, lostReply: 0.15, conflict: 0.1 };
    const lag = { maxMs: 3000 };
    const simulation = await simulate({ seed, scheduler: true, faults, lag });
    await furnish(simulation);
    for (let second = 0; second < 40; second++) {
      await pass(simulation, 1);
      await checkOneToOne(simulation, seed);
    }
    Object.assign(faults, NO_FAULTS);
    lag.maxMs = 0;
    await pass(simulation, 120);
    const claims = await checkOneToOne(simulation, seed);
    expect([seed, claims.map(({ status }) => status?.phase)]).toEqual([seed, names.map(() => 'Bound')]);
    const placed = (await simulation.client.list(pods)).items.filter(({ spec }) => spec?.nodeName);
    expect([seed, placed.length]).toEqual([seed, COUNT]);
    // What was taken by mistake was given back.
    const { items } = await simulation.client.list(persistentVolumes);
    const phases = items.map(({ status }) => status?.phase).sort();
    expect([seed, phases]).toEqual([seed, [...names.map(() => 'Available'), ...names.map(() => 'Bound')]]);
    await simulation.stop();
  },
  60_000,
);

/** The nodes stay alive meanwhile. */
async function pass(simulation: Simulation, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await heartbeat(simulation.client, new Date(simulation.clock.now()).toISOString());
    await simulation.pass(1000);
  }
}

/** No volume is named by two claims, and what a claim says is bound is the claim's. */
async function checkOneToOne({ client }: Simulation, seed: number) {
  const claims = (await client.list(persistentVolumeClaims)).items;
  const volumes = new Map((await client.list(persistentVolumes)).items.map((one) => [one.metadata.name, one]));
  const taken = claims.flatMap(({ spec }) => spec?.volumeName ?? []);
  expect([seed, new Set(taken).size]).toEqual([seed, taken.length]);
  for (const { metadata, spec, status } of claims) {
    if (status?.phase !== 'Bound') continue;
    expect([seed, volumes.get(spec?.volumeName ?? '')?.spec?.claimRef?.uid]).toEqual([seed, metadata.uid]);
  }
  return claims;
}
