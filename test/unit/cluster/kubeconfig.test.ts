import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  adminKubeconfig,
  kubeconfigFile,
  mergeKubeconfig,
  removeFromKubeconfig,
} from '../../../lib/cluster/kubeconfig.ts';
import { fakeClock } from '../../fakes/clock.ts';

const folder = mkdtempSync(join(tmpdir(), 'zeroplane-kubeconfig-'));
afterAll(() => rmSync(folder, { recursive: true }));
const clock = fakeClock();
let count = 0;
const newFile = (text?: string) => {
  const file = join(folder, `config-${count++}`);
  if (text !== undefined) writeFileSync(file, text, { mode: 0o640 });
  return file;
};
const cluster = (port: number) =>
  adminKubeconfig({ name: 'default', port } as never, 'CA', { certificate: 'CERT', key: 'KEY' });

const FOREIGN = `# mine
apiVersion: v1
kind: Config
current-context: work
clusters:
- name: work # keep
  cluster: { server: "https://work:6443" }
contexts:
- name: work
  context: { cluster: work, user: me, namespace: team }
users:
- name: me
  user: { token: secret }
`;

test('a new file holds the context and is its owner’s alone', async () => {
  const file = newFile();
  await mergeKubeconfig(file, cluster(6443), clock);
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({
    'current-context': 'zeroplane',
    clusters: [{ name: 'zeroplane', cluster: { server: 'https://127.0.0.1:6443' } }],
  });
  expect(statSync(file).mode & 0o077).toBe(0);
});

test('another’s entries, comments and file mode stay as they were', async () => {
  const file = newFile(FOREIGN);
  await mergeKubeconfig(file, cluster(6443), clock);
  await mergeKubeconfig(file, cluster(6444), clock);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain('# mine');
  expect(text).toContain('name: work # keep');
  const merged = parse(text);
  expect(merged.clusters.map((c: any) => c.name)).toEqual(['work', 'zeroplane']);
  expect(merged.clusters[1].cluster.server).toBe('https://127.0.0.1:6444');
  expect(merged['current-context']).toBe('zeroplane');
  expect(statSync(file).mode & 0o777).toBe(0o640);
});

test('taking it away leaves the rest, and no current context that is gone', async () => {
  const file = newFile(FOREIGN);
  await mergeKubeconfig(file, cluster(6443), clock);
  await removeFromKubeconfig(file, 'zeroplane', clock);
  const left = parse(readFileSync(file, 'utf8'));
  expect(left).toMatchObject({ ...parse(FOREIGN), 'current-context': '' });
  expect(left.users).toHaveLength(1);
});

test('a file that is no kubeconfig is left alone', async () => {
  const file = newFile('- not\n- a map\n');
  await expect(mergeKubeconfig(file, cluster(6443), clock)).rejects.toThrow(/not valid/);
  expect(readFileSync(file, 'utf8')).toBe('- not\n- a map\n');
});

test('while kubectl holds its lock, nothing is written', async () => {
  const file = newFile(FOREIGN);
  writeFileSync(`${file}.lock`, '');
  const merging = expect(mergeKubeconfig(file, cluster(6443), clock)).rejects.toThrow(/another program/);
  await clock.advance(10_000);
  await merging;
  expect(readFileSync(file, 'utf8')).toBe(FOREIGN);
});

test('KUBECONFIG names the file: the first that exists, otherwise the last', async () => {
  const file = newFile(FOREIGN);
  expect(kubeconfigFile(undefined, '/home/me')).toBe('/home/me/.kube/config');
  expect(kubeconfigFile(`/absent/a:${file}:/absent/b`, '/home/me')).toBe(file);
  expect(kubeconfigFile('/absent/a:/absent/b', '/home/me')).toBe('/absent/b');
});

test('a kubeconfig that is a link stays one', async () => {
  const file = newFile(FOREIGN);
  const link = newFile();
  symlinkSync(file, link);
  await mergeKubeconfig(link, cluster(6443), clock);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(parse(readFileSync(file, 'utf8'))['current-context']).toBe('zeroplane');
});
