import type { Sealing } from './sealing.ts';

/** Which keys there are, and what each has sealed. */
export async function sealingStatus({ readRing, sealed }: Pick<Sealing, 'readRing' | 'sealed'>): Promise<string> {
  const [{ keys }, { objects, rows }] = [await readRing(), await sealed()];
  const line = (name: string, what: string) => {
    const present = objects.get(name) ?? 0;
    const older = (rows.get(name) ?? 0) - present;
    return [name || '(none)', String(present), String(older), what];
  };
  const known = new Set(keys.map(({ name }) => name));
  const lost = [...rows.keys()].filter((name) => name !== '' && !known.has(name));
  return table([
    ['KEY', 'SECRETS', 'IN THE LOG', ''],
    ...keys.map(({ name }, i) => line(name, i === 0 ? 'writes' : 'reads')),
    ...lost.map((name) => line(name, 'is missing: cannot be read')),
    ...(rows.has('') ? [line('', 'not encrypted')] : []),
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
