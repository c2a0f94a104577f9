import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../../lib/storage/contract.ts';
import { openEmbeddedStore } from '../../../lib/storage/embedded/open.ts';
import { create, keys, refusal } from './writes.ts';

describe('a database that may not grow', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-full-'));
  const path = join(folder, 'store.db');
  afterAll(() => rmSync(folder, { recursive: true }));

  async function fill(store: Store): Promise<string[]> {
    const written: string[] = [];
    for (let i = 0; i < 100; i++) {
      const key = `pods/a/${String(i).padStart(3, '0')}`;
      const outcome = await refusal(create(store, key, 'x'.repeat(5_000)));
      if (outcome !== 'none') {
        expect(outcome).toBe('Full');
        return written;
      }
      written.push(key);
    }
    throw new Error('the database never was full');
  }

  test('refuses the commit, keeps what was acknowledged, and takes writes again once there is room', async () => {
    const store = await openEmbeddedStore({ path, maxBytes: 200_000 });
    const written = await fill(store);
    expect(written.length).toBeGreaterThan(10);
    const { items, revision } = await store.list('pods/');
    expect(items.map(({ key }) => key)).toEqual(written);
    await store.close();

    const larger = await openEmbeddedStore({ path, maxBytes: 400_000 });
    expect(await keys(larger, 'pods/')).toEqual(written);
    expect((await create(larger, 'pods/a/more')).revision).toBe(revision + 1);
    await larger.close();
  });
});
