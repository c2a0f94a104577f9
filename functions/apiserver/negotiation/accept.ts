/** One clause of an Accept header. */
export interface AcceptClause {
  type: string;
  subtype: string;
  q: number;
  parameters: Readonly<Record<string, string>>;
}

/** Clients send the same few headers again and again. */
const MAX_CACHED = 256;
const cache = new Map<string, readonly AcceptClause[]>();

/** Clauses by preference: higher q first, then as written. Source: RFC 9110 section 12.5.1. */
export function parseAccept(header: string): readonly AcceptClause[] {
  const known = cache.get(header);
  if (known) return known;
  const clauses = header
    .split(',')
    .map(parseClause)
    .filter((clause) => clause !== undefined)
    .sort((a, b) => b.q - a.q);
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(header, clauses);
  return clauses;
}

function parseClause(text: string): AcceptClause | undefined {
  const [range = '', ...rest] = text.split(';').map((part) => part.trim());
  const [type, subtype] = range === '*' ? ['*', '*'] : range.split('/');
  if (!type || !subtype) return undefined;
  const parameters: Record<string, string> = {};
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at > 0) parameters[part.slice(0, at)] = part.slice(at + 1).replace(/^"(.*)"$/, '$1');
  }
  const q = parameters['q'] === undefined ? 1 : Number(parameters['q']);
  return { type, subtype, q: Number.isFinite(q) ? q : 1, parameters };
}

export function matches(clause: AcceptClause, mediaType: string): boolean {
  if (clause.type === '*') return clause.subtype === '*';
  const [type, subtype] = mediaType.split('/');
  return clause.type === type && (clause.subtype === '*' || clause.subtype === subtype);
}
