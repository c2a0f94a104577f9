import type { Sealing } from './sealing.ts';

/** Which keys there are, and what each has sealed. */
export async function sealingStatus(sealing: Pick<Sealing, 'keys' | 'sealed'>): Promise<string> {
  const [keys, { objects, rows }] = [await sealing.keys(), await sealing.sealed()];
  const line = (name: string, what: string) => {
    const present = objects.get(name) ?? 0;
    const older = rows ? [String((rows.get(name) ?? 0) - present)] : [];
    return [name || '(none)', String(present), ...older, what];
  };
  const known = new Set(keys.map(({ name }) => name));
  const stored = rows ?? objects;
  const lost = [...stored.keys()].filter((name) => name !== '' && !known.has(name));
  return table([
    ['KEY', 'SECRETS', ...(rows ? ['IN THE LOG'] : []), ''],
    ...keys.map(({ name, kms }, i) => line(name, `${i === 0 ? 'writes' : 'reads'}${kms ? `, in KMS: ${kms}` : ''}`)),
    ...lost.map((name) => line(name, 'is missing: cannot be read')),
    ...(stored.has('') ? [line('', 'not encrypted')] : []),
  ]);
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}
