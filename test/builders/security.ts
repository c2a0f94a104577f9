import { generateKeyPairSync } from 'node:crypto';
import type { Connection, UserInfo } from '../../functions/apiserver/contract.ts';
import { encodeObject } from '../../functions/apiserver/encode.ts';
import { storageKey } from '../../functions/apiserver/reader.ts';
import { type Security, security } from '../../functions/apiserver/security.ts';
import type { KubeObject } from '../../lib/api/object.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { openMemoryStore } from '../../lib/storage/embedded/open.ts';
import { type FakeClock, fakeClock } from '../fakes/clock.ts';
import { seededRandom } from '../fakes/random.ts';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
export const SIGNING_KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

export interface SecureCluster extends Security {
  store: Store;
  clock: FakeClock;
  /** Writes past the apiserver: the state that a test begins with. */
  put(type: string, object: KubeObject): Promise<KubeObject>;
  remove(type: string, name: string, namespace?: string): Promise<void>;
}

/** The parts before the registry, over a store in memory. */
export async function secureCluster(
  options: { bootstrap?: boolean; publicUrl?: string; ingressGateway?: boolean } = {},
): Promise<SecureCluster> {
  const clock = fakeClock();
  const random = seededRandom(1);
  const store = await openMemoryStore({ clock });
  const parts = security({
    store,
    clock,
    random,
    serviceCIDR: '10.96.0.0/16',
    serviceAccountKey: SIGNING_KEY,
    issuer: options.publicUrl ?? ISSUER,
    publicUrl: options.publicUrl,
    ingressGateway: options.ingressGateway ?? false,
    endpoint: { address: '192.168.5.1', port: 6443 },
  });
  if (options.bootstrap !== false) await parts.bootstrap();
  return {
    ...parts,
    store,
    clock,
    async put(type, object) {
      const { name, namespace } = object.metadata!;
      const key = storageKey(type, name!, namespace);
      const metadata = { uid: random.uuid(), ...object.metadata };
      const value = (revision: number) => encodeObject({ ...object, metadata }, revision);
      const present = await store.get(key);
      await store.commit([
        present ? { op: 'update', key, revision: present.revision, value } : { op: 'create', key, value },
      ]);
      return { ...object, metadata };
    },
    async remove(type, name, namespace) {
      const key = storageKey(type, name, namespace);
      const item = await store.get(key);
      await store.commit([{ op: 'delete', key, revision: item!.revision, value: () => item!.value }]);
    },
  };
}

export function user(username: string, ...groups: string[]): UserInfo {
  return { username, groups };
}

export function request(headers: Record<string, string> = {}): Request {
  return new Request('https://localhost/api/v1/pods', { headers });
}

export function certificate(commonName: string, ...organizations: string[]): Connection {
  return { clientCertificate: { commonName, organizations } };
}
