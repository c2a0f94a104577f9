import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../../lib/storage/contract.ts';
import { openEmbeddedStore, openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { ringKeys, withNewKey } from '../../../lib/storage/encryption/key-ring.ts';
import { encryptedStore } from '../../../lib/storage/encryption/store.ts';
import { type FakeClock, fakeClock } from '../../fakes/clock.ts';
import { dynamoBackends } from './dynamodb-backend.ts';

export interface Opened {
  store: Store;
  clock: FakeClock;
  /** Ends the process that holds the store, as a crash would, and opens it again. Absent: nothing survives by design. */
  reopen?(): Promise<Store>;
  /** Opens another store over the same tables, as another process would. Absent: there is only one. */
  beside?(): Promise<Store>;
  dispose(): Promise<void>;
}

export interface Backend {
  name: string;
  /** How many writes go together in a commit; absent: as many as one likes. */
  maxWrites?: number;
  /** Several stores, in several processes, may be open over the same data. */
  isShared?: boolean;
  open(limits?: BackendLimits): Promise<Opened>;
}

export interface BackendLimits {
  retentionMs?: number;
  maxLogBytes?: number;
  maxValueBytes?: number;
}

/** Nothing but these where LocalStack is asked for. */
const dynamo = dynamoBackends();

const local: Backend[] = [
  {
    name: 'memory',
    async open(limits = {}) {
      const clock = fakeClock();
      const store = await openMemoryStore({ clock, ...limits });
      return { store, clock, dispose: () => store.close() };
    },
  },
  { name: 'embedded', open: (limits) => openOnDisk(limits, (store) => store) },
  { name: 'embedded, encrypted', open: (limits) => openOnDisk(limits, encrypted) },
];

/** Every backend must pass the same suite. */
export const backends: Backend[] = process.env['LOCALSTACK_ENDPOINT'] ? dynamo : [...local, ...dynamo];

async function openOnDisk(limits: BackendLimits = {}, wrap: (store: Store) => Store): Promise<Opened> {
  const clock = fakeClock();
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-store-'));
  const open = async () => wrap(await openEmbeddedStore({ path: join(folder, 'store.db'), clock, ...limits }));
  const opened: Opened = {
    store: await open(),
    clock,
    async reopen() {
      opened.store = await open();
      return opened.store;
    },
    async dispose() {
      await opened.store.close();
      rmSync(folder, { recursive: true });
    },
  };
  return opened;
}

const ring = withNewKey({ keys: [] });

function encrypted(store: Store): Store {
  const source = { read: async () => ring, refresh: async () => ring };
  return encryptedStore(store, { keys: ringKeys(source), types: ['*'] });
}
