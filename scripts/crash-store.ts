/** `node scripts/crash-store.ts [ROUNDS]`: kills a writer with SIGKILL in the middle of its load and checks every promise of the store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crashRounds } from '../test/contract/storage/crash-rounds.ts';

const rounds = Number(process.argv[2] ?? 50);
const folder = mkdtempSync(join(tmpdir(), 'zeroplane-crash-'));
const writer = join(import.meta.dirname, '../test/contract/storage/crash-writer.ts');
const { acknowledged } = await crashRounds(rounds, join(folder, 'store.db'), writer);
rmSync(folder, { recursive: true });
console.log(`${rounds} kills, ${acknowledged} acknowledged commits, none lost, none half-written`);
