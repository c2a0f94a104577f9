/** How Go writes values in messages: clients compare these texts, so they must be the same to the byte. */

const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** What strconv.IsPrint refuses: controls, formats, surrogates, private use, unassigned, and every space but the ASCII one. */
const UNPRINTABLE = /["\\]|(?! )[\p{C}\p{Z}]/gu;

/** strconv.Quote, which is fmt's %q. */
export function goQuote(text: string): string {
  return `"${text.replace(UNPRINTABLE, escapeRune)}"`;
}

function escapeRune(rune: string): string {
  const short = ESCAPES[rune];
  if (short) return short;
  const code = rune.codePointAt(0)!;
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`;
  return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0');
}

/** encoding/json.Marshal: escapes `<`, `>`, `&` and the two line separators for HTML. Field order is the caller's. */
export function goJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(/[<>&\u2028\u2029]/g, (char) => `\\u${hex(char.charCodeAt(0), 4)}`);
}

/** fmt's %v of decoded JSON: `map[a:1 b:[x y]]`, keys sorted. */
export function goValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (typeof value !== 'object') return String(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${members.map(([key, member]) => `${key}:${goValue(member)}`).join(' ')}]`;
}
