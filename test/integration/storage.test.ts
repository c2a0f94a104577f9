import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUSYBOX, busyboxArchive } from './agent/busybox.ts';
import { eventually, TestCluster } from './cluster.ts';
import { debianPackages } from './debian-packages.ts';

const SIZE = 33_554_432;

function claim(name: string, spec: object = {}): object {
  const resources = { requests: { storage: '32Mi' } };
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources, ...spec },
  };
}

interface PodOptions {
  claims?: Record<string, string>;
  devices?: Record<string, string>;
  spec?: object;
}

/** A pod that mounts claims at /NAME, and has others as devices. */
function pod(name: string, { claims = {}, devices = {}, spec = {} }: PodOptions): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      // With none the API forgets the pod before the node has let go of its volumes.
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'c',
          image: BUSYBOX,
          imagePullPolicy: 'Never',
          command: ['sleep', '100000'],
          volumeMounts: Object.keys(claims).map((volume) => ({ name: volume, mountPath: `/${volume}` })),
          volumeDevices: Object.entries(devices).map(([volume, devicePath]) => ({ name: volume, devicePath })),
        },
      ],
      volumes: [...Object.entries(claims), ...Object.keys(devices).map((volume) => [volume, volume])].map(
        ([volume, claimName]) => ({ name: volume, persistentVolumeClaim: { claimName } }),
      ),
      ...spec,
    },
  };
}

describe('storage on a real cluster', () => {
  const cluster = new TestCluster('storage');
  const node = () => join(cluster.stateDir, 'nodes/node-1');

  const apply = (...objects: object[]) =>
    cluster.kubectlWithInput(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }), 'apply', '-f', '-');
  const running = (name: string) => cluster.kubectl('wait', '--for=condition=Ready', `pod/${name}`, '--timeout=60s');
  const shell = async (name: string, command: string) =>
    (await cluster.kubectl('exec', name, '--', 'sh', '-c', command)).trim();
  const volumeOf = async (name: string): Promise<string> => (await cluster.json('get', 'pvc', name)).spec.volumeName;
  const loops = () =>
    execFileSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' });
  const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');

  beforeAll(async () => {
    debianPackages({ 'mkfs.ext4': 'e2fsprogs', losetup: 'mount' });
    await cluster.up();
    const load = await cluster.zeroplane('image', 'load', busyboxArchive(cluster.folder));
    if (load.code !== 0) throw new Error(load.stderr);
  }, 120_000);
  afterAll(() => cluster.delete(), 60_000);

  test('a claim without a class gets a folder of the default one, and the folder goes with the claim', async () => {
    await apply(claim('folder'), pod('writer', { claims: { data: 'folder' } }));
    await running('writer');
    await shell('writer', 'echo kept > /data/file');
    const volume = await volumeOf('folder');
    const path = join(node(), 'volumes', volume);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('kept\n');
    await cluster.kubectl('delete', 'pod', 'writer');
    await apply(pod('reader', { claims: { data: 'folder' } }));
    await running('reader');
    expect(await shell('reader', 'cat /data/file')).toBe('kept');
    // A claim that is used stays until it is not.
    await cluster.kubectl('delete', 'pvc', 'folder', '--wait=false');
    expect((await cluster.json('get', 'pvc', 'folder')).metadata.deletionTimestamp).toBeDefined();
    await cluster.kubectl('delete', 'pod', 'reader');
    await eventually(async () => (await cluster.tryKubectl('get', 'pv', volume)).code !== 0);
    expect(existsSync(path)).toBe(false);
  }, 120_000);

  test('a claim that is to be kept keeps its content', async () => {
    const provisioner = 'zeroplane.dev/local-path';
    await apply(
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: 'kept' },
        provisioner,
        reclaimPolicy: 'Retain',
      },
      claim('kept', { storageClassName: 'kept' }),
    );
    await cluster.kubectl('wait', '--for=jsonpath={.status.phase}=Bound', 'pvc/kept', '--timeout=30s');
    const volume = await volumeOf('kept');
    await cluster.kubectl('delete', 'pvc', 'kept');
    await eventually(async () => (await cluster.json('get', 'pv', volume)).status.phase === 'Released');
    expect(existsSync(join(node(), 'volumes', volume))).toBe(true);
    await cluster.kubectl('delete', 'pv', volume);
  }, 60_000);

  test('an image is as large as was asked for, grows, and leaves no device behind', async () => {
    await apply(
      claim('image', { storageClassName: 'local-image' }),
      claim('raw', { volumeMode: 'Block' }),
      pod('p', {
        claims: { image: 'image' },
        devices: { raw: '/dev/raw' },
        spec: { securityContext: { fsGroup: 2000 } },
      }),
    );
    await running('p');
    expect(await shell('p', 'stat -c %g /image')).toBe('2000');
    expect((await cluster.tryKubectl('exec', 'p', '--', 'sh', '-c', 'cat /dev/zero > /image/full')).code).not.toBe(0);
    expect(Number(await shell('p', 'stat -c %s /image/full'))).toBeLessThan(SIZE);
    await shell('p', 'cat /dev/zero > /dev/raw || true');
    for (const name of ['image', 'raw']) {
      const more = { spec: { resources: { requests: { storage: '64Mi' } } } };
      await cluster.kubectl('patch', 'pvc', name, '-p', JSON.stringify(more));
    }
    const size = async (name: string) => (await cluster.json('get', 'pvc', name)).status.capacity.storage;
    await eventually(async () => (await size('raw')) === '64Mi');
    // Where the kernel or the rights forbid it while it is mounted, a file system grows at the next mount.
    await eventually(async () => {
      const { conditions = [], capacity } = (await cluster.json('get', 'pvc', 'image')).status;
      return capacity.storage === '64Mi' || conditions.some((one: any) => one.type === 'FileSystemResizePending');
    });
    await cluster.kubectl('delete', 'pod', 'p');
    await apply(pod('again', { claims: { image: 'image' } }));
    await running('again');
    await shell('again', 'cat /image/full /image/full > /image/twice 2>/dev/null || true; ls /image');
    expect(Number(await shell('again', 'stat -c %s /image/twice'))).toBeGreaterThan(4_000_000);
    await eventually(async () => (await size('image')) === '64Mi');
    await cluster.kubectl('delete', 'pod', 'again');
    await cluster.kubectl('delete', 'pvc', 'image', 'raw');
    await eventually(async () => !loops().includes(cluster.stateDir));
    expect(mounts()).not.toContain(`${node()}/plugins/kubernetes.io/local-volume`);
  }, 180_000);

  test('the agent killed while it mounts finds what it has done, and ends it', async () => {
    await apply(claim('crash', { storageClassName: 'local-image' }), pod('crash', { claims: { data: 'crash' } }));
    await eventually(async () => readdirSync(join(node(), 'volumes')).some((name) => name.endsWith('.img')));
    process.kill(Number(readFileSync(join(node(), 'agent.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await cluster.up();
    await running('crash');
    await shell('crash', 'echo here > /data/file');
    process.kill(Number(readFileSync(join(node(), 'agent.pid'), 'utf8').split('\n')[0]), 'SIGKILL');
    await cluster.up();
    await cluster.kubectl('delete', 'pod', 'crash');
    await eventually(async () => !mounts().includes(`${node()}/plugins/kubernetes.io/local-volume`));
    await cluster.kubectl('delete', 'pvc', 'crash');
    await eventually(async () => !loops().includes(cluster.stateDir));
  }, 180_000);

  test('a quota counts claims and what they ask for, by class too', async () => {
    const hard = {
      persistentvolumeclaims: '1',
      'requests.storage': '64Mi',
      'local-path.storageclass.storage.k8s.io/requests.storage': '32Mi',
    };
    await cluster.kubectl('create', 'namespace', 'limited');
    await apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'q', namespace: 'limited' },
      spec: { hard },
    });
    await eventually(async () => (await cluster.json('get', 'quota', 'q', '-n', 'limited')).status.hard);
    const create = (name: string, storage: string) =>
      cluster
        .kubectlWithInput(
          JSON.stringify(claim(name, { resources: { requests: { storage } } })),
          'create',
          '-n',
          'limited',
          '-f',
          '-',
        )
        .then(
          () => 'created',
          (error: Error) => error.message,
        );
    expect(await create('large', '48Mi')).toContain('exceeded quota: q');
    expect(await create('small', '32Mi')).toBe('created');
    expect(await create('second', '1Mi')).toContain('persistentvolumeclaims=1');
  }, 60_000);

  describe('with a CSI driver', () => {
    let driver: ChildProcess;
    const data = mkdtempSync(join(tmpdir(), 'zeroplane-csi-'));
    const NAME = 'csi.test.example';

    const startDriver = async () => {
      driver = spawn(process.execPath, ['--no-warnings', 'test/csi-driver/main.ts', node(), NAME, data]);
      await eventually(async () => (await cluster.json('get', 'csinode', 'node-1')).spec.drivers?.length === 1);
    };
    const calls = () =>
      readFileSync(join(data, 'calls.log'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]);

    beforeAll(startDriver, 60_000);
    afterAll(() => {
      driver.kill();
      rmSync(data, { recursive: true });
    });

    test('its volume is attached, staged, published, and all of it undone', async () => {
      const csi = { driver: NAME, volumeHandle: 'one', fsType: 'ext4' };
      const capacity = { storage: '32Mi' };
      await apply(
        {
          apiVersion: 'v1',
          kind: 'PersistentVolume',
          metadata: { name: 'one' },
          spec: { accessModes: ['ReadWriteOnce'], capacity, csi },
        },
        claim('one', { storageClassName: '' }),
        pod('one', { claims: { data: 'one' }, spec: { securityContext: { fsGroup: 2000 } } }),
      );
      const attachment = await eventually(async () =>
        (await cluster.kubectl('get', 'volumeattachment', '-o', 'name')).trim(),
      );
      // The driver's attacher is this test.
      const attached = JSON.stringify({ status: { attached: true } });
      await cluster.kubectl('patch', attachment, '--subresource=status', '--type=merge', '-p', attached);
      await running('one');
      await shell('one', 'echo here > /data/file');
      expect(readFileSync(join(data, 'one/file'), 'utf8')).toBe('here\n');
      expect(await shell('one', 'stat -c %g /data')).toBe('2000');
      // The driver's resizer is this test too: the volume has grown, and the node has to do its part under the running pod.
      const grown = JSON.stringify({ spec: { capacity: { storage: '64Mi' } } });
      await cluster.kubectl('patch', 'pv', 'one', '--type=merge', '-p', grown);
      await cluster.kubectl('annotate', 'pod', 'one', 'look=now');
      await eventually(
        async () => (await cluster.json('get', 'pvc', 'one')).status.capacity.storage === '64Mi' || undefined,
      );
      await cluster.kubectl('delete', 'pod', 'one');
      await eventually(async () => (await cluster.kubectl('get', 'volumeattachment', '-o', 'name')).trim() === '');
      const steps = calls().filter((call) => /Volume$/.test(call!));
      expect(steps).toEqual([
        'nodeStageVolume',
        'nodePublishVolume',
        'nodeExpandVolume',
        'nodeUnpublishVolume',
        'nodeUnstageVolume',
      ]);
      expect(mounts()).not.toContain('kubernetes.io~csi');
    }, 120_000);

    test('a volume that lives and dies with the pod is published with what the driver asks to know', async () => {
      const spec = { attachRequired: false, podInfoOnMount: true, volumeLifecycleModes: ['Ephemeral'] };
      await apply({ apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', metadata: { name: NAME }, spec });
      const volumes = [{ name: 'data', csi: { driver: NAME, volumeAttributes: { colour: 'blue' } } }];
      await apply(pod('inline', { claims: { data: '' }, spec: { volumes } }));
      await running('inline');
      expect(JSON.parse(await shell('inline', 'cat /data/context'))).toMatchObject({
        colour: 'blue',
        'csi.storage.k8s.io/pod.name': 'inline',
        'csi.storage.k8s.io/ephemeral': 'true',
      });
      await cluster.kubectl('delete', 'pod', 'inline');
    }, 60_000);

    test('a driver that is gone is gone from the CSINode, and comes back', async () => {
      driver.kill();
      await eventually(async () => ((await cluster.json('get', 'csinode', 'node-1')).spec.drivers ?? []).length === 0);
      await startDriver();
    }, 60_000);
  });
});
