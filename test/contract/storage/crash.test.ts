import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashRounds } from './crash-rounds.ts';

/** scripts/crash-store.ts runs more. */
const ROUNDS = 3;

test('a writer killed in the middle of its load loses nothing acknowledged and leaves nothing half-written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-crash-'));
  const { acknowledged } = await crashRounds(ROUNDS, join(folder, 'store.db'), join(__dirname, 'crash-writer.ts'));
  expect(acknowledged).toBeGreaterThan(ROUNDS * 100);
  rmSync(folder, { recursive: true });
}, 60_000);
