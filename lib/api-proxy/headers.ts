import { HOP_BY_HOP } from '../runtime/hop-by-hop.ts';
import type { HeaderValues } from '../runtime/light-response.ts';

/** What goes on to the other side. */
export function endToEnd(headers: Headers): HeaderValues {
  const kept: HeaderValues = {};
  headers.forEach((value, name) => {
    if (HOP_BY_HOP.has(name) || name.startsWith(':')) return;
    const before = kept[name];
    kept[name] = before === undefined ? value : [before, value].flat();
  });
  return kept;
}

/** Who asks, in one string: clients share an answer only if it is the same. */
export function credentialsOf(headers: Headers): string {
  const found: string[] = [];
  headers.forEach((value, name) => {
    if (name === 'authorization' || name.startsWith('impersonate-')) found.push(`${name}: ${value}`);
  });
  return found.sort().join('\n');
}
