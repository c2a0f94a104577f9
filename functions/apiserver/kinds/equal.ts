/**
 * apiequality.Semantic.DeepEqual, as far as JSON can tell: a field that is absent equals its type's zero value,
 * because clients written in Go leave zero values out. Quantities and times are canonical before they come here.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isZero(a) && isZero(b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameItems(a, b);
  return !Array.isArray(b) && sameFields(a as Fields, b as Fields);
}

type Fields = Readonly<Record<string, unknown>>;

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => semanticEqual(item, b[i]));
}

function sameFields(a: Fields, b: Fields): boolean {
  for (const field in a) if (!semanticEqual(a[field], b[field])) return false;
  for (const field in b) if (!(field in a) && !isZero(b[field])) return false;
  return true;
}

function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  for (const field in value) if (!isZero((value as Fields)[field])) return false;
  return true;
}
