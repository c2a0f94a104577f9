import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Document, isMap, isSeq, parseDocument, stringify, YAMLMap, YAMLSeq } from 'yaml';
import type { KeyPair } from '../pki/certificate.ts';
import { type Clock, delay } from '../runtime/clock.ts';
import type { ClusterConfig } from './config.ts';
import { ClusterError } from './error.ts';

/** `zeroplane` for the default cluster, `zeroplane-NAME` for the others: context, cluster and user are named so. */
export const DEFAULT_NAME = 'default';
export function contextName(clusterName: string): string {
  return clusterName === DEFAULT_NAME ? 'zeroplane' : `zeroplane-${clusterName}`;
}

/** A whole kubeconfig with one context. */
export function adminKubeconfig(cluster: ClusterConfig, ca: string, admin: KeyPair): string {
  const name = contextName(cluster.name);
  const data = (pem: string) => Buffer.from(pem).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name, cluster: { 'certificate-authority-data': data(ca), server: `https://127.0.0.1:${cluster.port}` } },
    ],
    users: [{ name, user: { 'client-certificate-data': data(admin.certificate), 'client-key-data': data(admin.key) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}

/**
 * Which file is changed. KUBECONFIG lists several: the first that exists, otherwise the last, as kind does.
 * Source: the kubectl documentation, "Organizing Cluster Access Using kubeconfig Files".
 */
export function kubeconfigFile(environment: string | undefined, home: string): string {
  const listed = (environment ?? '').split(delimiter).filter(Boolean);
  if (listed.length === 0) return join(home, '.kube', 'config');
  return listed.find((file) => existsSync(file)) ?? listed.at(-1)!;
}

const SECTIONS = ['clusters', 'users', 'contexts'] as const;

/** Puts the entries of `addition` in place of those of the same names, and makes its context the current one. All else, comments included, stays. */
export async function mergeKubeconfig(file: string, addition: string, clock: Clock): Promise<void> {
  await change(file, clock, (config) => {
    const added = parseDocument(addition).toJS();
    for (const section of SECTIONS) for (const entry of added[section]) replaceEntry(config, section, entry);
    config.set('current-context', added['current-context']);
  });
}

/** The context that kubectl uses now. */
export function currentContext(file: string): string {
  if (!existsSync(file)) return '';
  const current: unknown = parseDocument(readFileSync(file, 'utf8')).get('current-context');
  return typeof current === 'string' ? current : '';
}

/** Takes away what `mergeKubeconfig` put there; if that is current, `before` is again. */
export async function removeFromKubeconfig(file: string, name: string, clock: Clock, before = ''): Promise<void> {
  if (!existsSync(file)) return;
  await change(file, clock, (config) => {
    for (const section of SECTIONS) removeEntry(config, section, name);
    if (config.get('current-context') === name) config.set('current-context', before);
  });
}

async function change(file: string, clock: Clock, edit: (config: Document) => void): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  await withKubectlLock(file, clock, () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const config = text.trim() ? parseDocument(text) : new Document({ apiVersion: 'v1', kind: 'Config' });
    if (config.errors.length > 0 || !isMap(config.contents)) {
      throw new ClusterError(`the kubeconfig ${file} is not valid: ${config.errors[0]?.message ?? 'it is no map'}`);
    }
    edit(config as Document);
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600;
    // A link stays one: the file that it leads to is the one that is changed.
    const target = existsSync(file) ? realpathSync(file) : file;
    writeFileSync(`${target}.new`, config.toString({ lineWidth: 0 }), { mode: mode & 0o777 });
    renameSync(`${target}.new`, target);
  });
}

function replaceEntry(config: Document, section: string, entry: { name: string }): void {
  removeEntry(config, section, entry.name);
  const list = config.get(section);
  if (isSeq(list)) list.add(config.createNode(entry));
  else config.set(section, config.createNode([entry]));
}

function removeEntry(config: Document, section: string, name: string): void {
  const list = config.get(section);
  if (list instanceof YAMLSeq)
    list.items = list.items.filter((item) => !(item instanceof YAMLMap && item.get('name') === name));
}

const LOCK_WAIT_MS = 5_000;
const LOCK_POLL_MS = 50;

/** kubectl and kind take the same file while they write. Source: k8s.io/client-go/tools/clientcmd, lockFile. */
async function withKubectlLock(file: string, clock: Clock, work: () => void): Promise<void> {
  const lock = `${file}.lock`;
  const until = clock.now() + LOCK_WAIT_MS;
  while (!takeLock(lock)) {
    if (clock.now() > until) throw new ClusterError(`another program is changing ${file}; if none is, remove ${lock}`);
    await delay(clock, LOCK_POLL_MS);
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    writeFileSync(lock, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
