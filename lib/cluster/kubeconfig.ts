import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { Document, isMap, isSeq, parseDocument, stringify, YAMLMap, YAMLSeq } from 'yaml';
import type { KeyPair } from '../pki/certificate.ts';
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
export function mergeKubeconfig(file: string, addition: string): void {
  change(file, (config) => {
    const added = parseDocument(addition).toJS();
    for (const section of SECTIONS) for (const entry of added[section]) replaceEntry(config, section, entry);
    config.set('current-context', added['current-context']);
  });
}

/** Takes away what `mergeKubeconfig` put there. */
export function removeFromKubeconfig(file: string, name: string): void {
  if (!existsSync(file)) return;
  change(file, (config) => {
    for (const section of SECTIONS) removeEntry(config, section, name);
    if (config.get('current-context') === name) config.set('current-context', '');
  });
}

function change(file: string, edit: (config: Document) => void): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  withKubectlLock(file, () => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const config = text.trim() ? parseDocument(text) : new Document({ apiVersion: 'v1', kind: 'Config' });
    if (config.errors.length > 0 || !isMap(config.contents)) {
      throw new ClusterError(`the kubeconfig ${file} is not valid: ${config.errors[0]?.message ?? 'it is no map'}`);
    }
    edit(config as Document);
    const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0o600;
    writeFileSync(`${file}.new`, config.toString({ lineWidth: 0 }), { mode: mode & 0o777 });
    renameSync(`${file}.new`, file);
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

/** kubectl and kind take the same file while they write. Source: k8s.io/client-go/tools/clientcmd, lockFile. */
function withKubectlLock(file: string, work: () => void): void {
  const lock = `${file}.lock`;
  try {
    writeFileSync(lock, '', { flag: 'wx' });
  } catch (cause) {
    throw new ClusterError(`another program is changing ${file}; if none is, remove ${lock}`, 1, { cause });
  }
  try {
    work();
  } finally {
    rmSync(lock, { force: true });
  }
}
