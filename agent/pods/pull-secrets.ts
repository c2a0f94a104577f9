import type { Secret } from '../../lib/api/types.ts';
import type { AuthConfig } from '../runtime-contract.ts';

/** The credentials that fit an image, the closest first. Source: pkg/credentialprovider keyring.go. */
export function credentialsFor(image: string, secrets: readonly Secret[]): AuthConfig[] {
  const repository = withRegistry(image);
  return secrets
    .flatMap(entriesOf)
    .filter(({ server }) => matches(server, repository))
    .sort((a, b) => b.server.length - a.server.length)
    .map(({ auth }) => auth);
}

interface Entry {
  server: string;
  auth: AuthConfig;
}

function entriesOf({ type, data }: Secret): Entry[] {
  const key = type === 'kubernetes.io/dockerconfigjson' ? '.dockerconfigjson' : '.dockercfg';
  const text = data?.[key];
  if (!text) return [];
  const parsed = parse(Buffer.from(text, 'base64').toString('utf8'));
  const auths = key === '.dockerconfigjson' ? parsed?.auths : parsed;
  return Object.entries(auths ?? {}).map(([server, auth]) => ({
    server: normalize(server),
    auth: authOf(auth),
  }));
}

/** A secret that is not JSON gives no credentials, as to kubelet. */
function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Without the server's address, as kubelet leaves it out: which registry they are for is decided here, and containerd reads it as a URL. */
function authOf(entry: any): AuthConfig {
  const [username = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
    .toString('utf8')
    .split(':');
  return {
    username: entry.username ?? username,
    password: entry.password ?? rest.join(':'),
    ...(entry.identitytoken ? { identityToken: entry.identitytoken } : {}),
  };
}

/** Docker Hub's address is written in several ways. */
function normalize(server: string): string {
  const bare = server
    .replace(/^https?:\/\//, '')
    .replace(/\/v[12]\/?$/, '')
    .replace(/\/$/, '');
  return bare === 'index.docker.io' ? 'docker.io' : bare;
}

function withRegistry(image: string): string {
  const [first = ''] = image.split('/');
  const hasRegistry = image.includes('/') && (first.includes('.') || first.includes(':') || first === 'localhost');
  return hasRegistry ? image : `docker.io/${image}`;
}

function matches(server: string, repository: string): boolean {
  const [host = '', ...path] = server.split('/');
  const [itsHost = '', ...itsPath] = repository.split('/');
  const pattern = new RegExp(`^${host.split('*').map(quoted).join('[^.]*')}$`);
  return pattern.test(itsHost) && itsPath.join('/').startsWith(path.join('/'));
}

const quoted = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
