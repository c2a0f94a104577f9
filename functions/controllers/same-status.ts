import { canonicalJson } from './hash.ts';

/** Whether two statuses say the same: the API leaves out counters that are zero and what is empty. */
export function sameStatus(a: object | undefined, b: object): boolean {
  return normal(a) === normal(b);
}

function normal(status: object | undefined): string {
  return canonicalJson(Object.fromEntries(Object.entries(status ?? {}).filter(([, value]) => !isEmpty(value))));
}

function isEmpty(value: unknown): boolean {
  if (value === 0 || value === '' || value === null || value === undefined) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
