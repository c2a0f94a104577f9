/** How a rule's path is compared with a request's. */
export interface PathRule<T> {
  path: string;
  exact: boolean;
  target: T;
}

/** Exact over prefix where both are as long; longer before shorter (networking/v1, "Multiple matches"). */
export function sortPaths<T>(rules: readonly PathRule<T>[]): PathRule<T>[] {
  return [...rules].sort((a, b) => b.path.length - a.path.length || Number(b.exact) - Number(a.exact));
}

/** Prefixes are compared element by element: `/foo` matches `/foo/bar` and not `/foobar`; a last slash counts for nothing. */
export function findPath<T>(sorted: readonly PathRule<T>[], path: string): T | undefined {
  for (const rule of sorted) if (rule.exact ? rule.path === path : isUnder(path, rule.path)) return rule.target;
  return undefined;
}

function isUnder(path: string, prefix: string): boolean {
  if (prefix === '/') return true;
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return path.startsWith(bare) && (path.length === bare.length || path[bare.length] === '/');
}
