import { agentOwnsFiles, volumeCapability } from '../../../agent/volumes/csi/capability.ts';
import { KubeletRoot } from '../../../agent/volumes/csi/kubelet-root.ts';
import {
  NodeServiceCapability_RPC_Type as Capability,
  VolumeCapability_AccessMode_Mode as Mode,
} from '../../../agent/volumes/csi/proto/csi.ts';
import { Turns } from '../../../agent/volumes/persistent/turns.ts';
import { isShared } from '../../../agent/volumes/shared-folder.ts';
import { attachmentName, uniqueVolumeName } from '../../../lib/api/volumes/attachment.ts';
import { volume } from '../../builders/volumes.ts';

const NONE = new Set<number>();
const csi = { driver: 'd', volumeHandle: 'h' };

describe('what a CSI driver is asked for', () => {
  const single = new Set<number>([Capability.SINGLE_NODE_MULTI_WRITER]);

  test.each([
    ['ReadWriteOnce', NONE, Mode.SINGLE_NODE_WRITER],
    ['ReadWriteOncePod', NONE, Mode.SINGLE_NODE_WRITER],
    ['ReadWriteOnce', single, Mode.SINGLE_NODE_MULTI_WRITER],
    ['ReadWriteOncePod', single, Mode.SINGLE_NODE_SINGLE_WRITER],
    ['ReadWriteMany', NONE, Mode.MULTI_NODE_MULTI_WRITER],
    ['ReadOnlyMany', NONE, Mode.MULTI_NODE_READER_ONLY],
  ])('%s in case %#', (access, capabilities, mode) => {
    const { accessMode } = volumeCapability(volume('v', { spec: { accessModes: [access] } }), capabilities, undefined);
    expect(accessMode).toEqual({ mode });
  });

  test('a block volume has no file system', () => {
    expect(volumeCapability(volume('v', { spec: { volumeMode: 'Block', csi } }), NONE, 7)).toMatchObject({ block: {} });
  });

  test('a driver that can gives the files to the group itself', () => {
    const able = new Set<number>([Capability.VOLUME_MOUNT_GROUP]);
    const one = volume('v', { spec: { csi: { ...csi, fsType: 'ext4' } } });
    expect(volumeCapability(one, able, 7).mount?.volumeMountGroup).toBe('7');
    expect(agentOwnsFiles(undefined, one, able)).toBe(false);
    expect(agentOwnsFiles(undefined, one, NONE)).toBe(true);
    expect(agentOwnsFiles(undefined, volume('v', { spec: { csi } }), NONE)).toBe(false);
    expect(agentOwnsFiles({ spec: { fsGroupPolicy: 'File' } }, volume('v', { spec: { csi } }), NONE)).toBe(true);
    expect(agentOwnsFiles({ spec: { fsGroupPolicy: 'None' } }, one, NONE)).toBe(false);
  });
});

test('a node’s own folder is /var/lib/kubelet to its pods', () => {
  const root = new KubeletRoot('/state/nodes/node-1');
  expect(root.onHost('/var/lib/kubelet/plugins/d/csi.sock')).toBe('/state/nodes/node-1/plugins/d/csi.sock');
  expect(root.onHost('/var/lib/kubelet-other')).toBe('/var/lib/kubelet-other');
  expect(root.onHost('/srv/data')).toBe('/srv/data');
  expect(root.asSeen('/state/nodes/node-1/pods/uid')).toBe('/var/lib/kubelet/pods/uid');
  expect(root.asSeen('/elsewhere')).toBe('/elsewhere');
});

test('attachments and volumes are named as other components work them out', () => {
  expect(attachmentName(csi, 'node-1', (text) => `<${text}>`)).toBe('csi-<hdnode-1>');
  expect(uniqueVolumeName(csi)).toBe('kubernetes.io/csi/d^h');
});

test('a folder passes mounts on if the mount that holds it does, the last one at its place', () => {
  const line = (point: string, shared: boolean) =>
    `36 35 98:0 / ${point} rw,noatime ${shared ? 'shared:1 ' : ''}- ext3 /dev/root rw`;
  const table = (...lines: string[]) => lines.join('\n');
  expect(isShared(table(line('/', true)), '/state')).toBe(true);
  expect(isShared(table(line('/', false)), '/state')).toBe(false);
  expect(isShared(table(line('/', true), line('/state', false)), '/state/nodes')).toBe(false);
  expect(isShared(table(line('/', false), line('/state', false), line('/state', true)), '/state')).toBe(true);
  expect(isShared(table(line('/', true), line('/st', false)), '/state')).toBe(true);
});

test('work on one volume is done in turn, on others at once, and a failure holds nobody up', async () => {
  const turns = new Turns();
  const done: string[] = [];
  const first = Promise.withResolvers<void>();
  const all = [
    turns.take('a', async () => {
      await first.promise;
      done.push('a1');
      throw new Error('no disk');
    }),
    turns.take('a', async () => void done.push('a2')),
    turns.take('b', async () => void done.push('b')),
  ];
  await all[2];
  expect(done).toEqual(['b']);
  first.resolve();
  const [failed] = await Promise.allSettled(all);
  expect(failed!.status).toBe('rejected');
  expect(done).toEqual(['b', 'a1', 'a2']);
});
