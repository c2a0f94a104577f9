/** What a path with a capture and a `rewrite-target` come to: the prefix goes, the rest is put into the target. */
export interface Rewrite {
  prefix: string;
  /** With `$1` where the rest of the path belongs; without it the target is the whole path. */
  target: string;
}

/** `/api(/|$)(.*)` and `/api/(.*)`: what people write for nginx. Other expressions are no paths of ours: they could run for minutes. */
const CAPTURES = [
  { ending: '(/|$)(.*)', rest: '$2' },
  { ending: '/(.*)', rest: '$1' },
  { ending: '(.*)', rest: '$1' },
];

/** The path without its capture, and what to do with it. */
export function parseRewrite(path: string, target: string | undefined): { path: string; rewrite?: Rewrite } {
  if (target === undefined) return { path };
  const capture = CAPTURES.find(({ ending }) => path.endsWith(ending));
  if (!capture) return { path, rewrite: { prefix: path, target: target.replaceAll(/\$\d/g, '') } };
  const prefix = path.slice(0, -capture.ending.length) || '/';
  return { path: prefix, rewrite: { prefix, target: target.replace(capture.rest, '$1') } };
}

export function rewritten(path: string, { prefix, target }: Rewrite): string {
  if (!target.includes('$1')) return target;
  const rest = path.slice(prefix === '/' ? 1 : prefix.length).replace(/^\//, '');
  return target.replace('$1', () => rest);
}
