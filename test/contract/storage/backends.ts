import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../../lib/storage/contract.ts';
import { openEmbeddedStore, openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { type FakeClock, fakeClock } from '../../fakes/clock.ts';

export interface Opened {
  store: Store;
  clock: FakeClock;
  /** Ends the process that holds the store, as a crash would, and opens it again. Absent: nothing survives by design. */
  reopen?(): Promise<Store>;
  dispose(): Promise<void>;
}

export interface Backend {
  name: string;
  open(limits?: { retentionMs?: number; maxLogBytes?: number; maxValueBytes?: number }): Promise<Opened>;
}

/** Every backend must pass the same suite. */
export const backends: Backend[] = [
  {
    name: 'memory',
    async open(limits = {}) {
      const clock = fakeClock();
      const store = await openMemoryStore({ clock, ...limits });
      return { store, clock, dispose: () => store.close() };
    },
  },
  {
    name: 'embedded',
    async open(limits = {}) {
      const clock = fakeClock();
      const folder = mkdtempSync(join(tmpdir(), 'zeroplane-store-'));
      const open = () => openEmbeddedStore({ path: join(folder, 'store.db'), clock, ...limits });
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
    },
  },
];
