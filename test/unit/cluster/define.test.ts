import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeJson } from '../../../lib/cluster/config.ts';
import type { CommandContext } from '../../../lib/cluster/context.ts';
import { defineCluster, type UpOptions } from '../../../lib/cluster/define.ts';
import { clusterPaths } from '../../../lib/cluster/paths.ts';
import { missingPackages, preflight } from '../../../lib/cluster/preflight.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-define-'));
afterAll(() => rmSync(folder, { recursive: true }));
const paths = (name: string) => clusterPaths(join(folder, name));
const context = (others: any[] = []) => ({ otherConfigs: () => others }) as unknown as CommandContext;
const define = (options: Partial<UpOptions> & { name: string }, others: any[] = [], running = false) =>
  defineCluster(options, paths(options.name), running, context(others));

test('a new cluster gets ranges, names and addresses that follow from each other', async () => {
  const cluster = await define({ name: 'a', nodes: 2, podCidr: '10.200.0.0/16', serviceCidr: '10.201.0.0/16' });
  expect(cluster).toMatchObject({ podCIDR: '10.200.0.0/16', dnsIP: '10.201.0.10', dnsDomain: 'cluster.local' });
  const [net] = cluster.nodeCIDR.split('.0/24');
  expect(cluster.nodes).toEqual([
    { name: 'node-1', ip: `${net}.11`, podCIDR: '10.200.1.0/24', netns: `${cluster.bridge}-node-1` },
    { name: 'node-2', ip: `${net}.12`, podCIDR: '10.200.2.0/24', netns: `${cluster.bridge}-node-2` },
  ]);
  expect(cluster.bridge.length).toBeLessThanOrEqual(11);
});

test('ranges of other clusters, running or not, are left to them', async () => {
  const first = await define({ name: 'b' });
  const second = await define({ name: 'c' }, [first]);
  expect(second.podCIDR).not.toBe(first.podCIDR);
  expect(second.nodeCIDR).not.toBe(first.nodeCIDR);
});

test('a known cluster is taken up as it was, with nodes added and none lost', async () => {
  const made = await define({ name: 'd', dnsDomain: 'test.local' });
  writeJson(paths('d').config, made);
  expect(await define({ name: 'd' })).toEqual(made);
  expect((await define({ name: 'd', nodes: 3 })).nodes.slice(0, 1)).toEqual(made.nodes);
  writeJson(paths('d').config, await define({ name: 'd', nodes: 3 }));
  await expect(define({ name: 'd', nodes: 2 })).rejects.toThrow(/has 3 nodes/);
  await expect(define({ name: 'd', podCidr: '10.1.0.0/16' })).rejects.toThrow(/made with --pod-cidr/);
  await expect(define({ name: 'd', port: 1 }, [], true)).rejects.toThrow(/running at port/);
});

test.each([
  [{ name: 'Upper' }, /--name/],
  [{ name: 'x', nodes: 0 }, /--nodes/],
  [{ name: 'x', podCidr: '10.244.0.0/24' }, /--pod-cidr/],
  [{ name: 'x', serviceCidr: '10.96.0.1/16' }, /--service-cidr/],
  [{ name: 'x', dnsIp: '10.97.0.10' }, /--dns-ip/],
  [{ name: 'x', dnsDomain: 'no domain' }, /--dns-domain/],
  [{ name: '..' }, /--name/],
  [{ name: 'x', podCidr: '10.96.0.0/16' }, /overlap/],
])('%j is asked for wrongly: exit code 2', async (options, message) => {
  await expect(define(options)).rejects.toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
});

describe('what a machine lacks', () => {
  const machine = (has: (file: string) => boolean, more = {}) => ({
    platform: 'linux',
    uid: 0,
    path: '/usr/bin:/usr/sbin',
    osRelease: 'ID=debian\n',
    isExecutable: has,
    ...more,
  });

  test('nothing', () => expect(() => preflight(machine(() => true))).not.toThrow());

  test('all at once: root, and Debian’s packages by name', () => {
    const check = () => preflight(machine((file) => !/nft|runc|cni/.test(file), { uid: 1000 }));
    expect(check).toThrow(/root.*sudo[\s\S]*apt-get install --yes runc nftables containernetworking-plugins/);
  });

  test('elsewhere than on Debian the packages are named as equivalents', () => {
    expect(() => preflight(machine(() => false, { osRelease: 'ID=fedora\n' }))).toThrow(/not Debian/);
    expect(() => preflight(machine(() => true, { platform: 'darwin' }))).toThrow(/needs Linux/);
  });

  test('a package is named once', () => {
    expect(missingPackages(machine((file) => !/containerd|ctr/.test(file)))).toEqual(['containerd']);
  });
});
