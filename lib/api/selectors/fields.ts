import { badRequest } from '../status.ts';

/** Field selectors: `status.phase!=Running,spec.nodeName=n1`. Source: k8s.io/apimachinery/pkg/fields/selector.go. */
export interface FieldRequirement {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

export interface FieldMatcher {
  readonly requirements: readonly FieldRequirement[];
  readonly empty: boolean;
  /** `read` gives an object's field as text; a field without a value reads ''. */
  matches(read: (field: string) => string): boolean;
  toString(): string;
}

/** Throws StatusError 400. Whether a kind has the field is for the caller to say. */
export function parseFieldSelector(text: string): FieldMatcher {
  const terms = splitTerms(text)
    .filter((term) => term !== '')
    .sort();
  return fieldMatcher(terms.map((term) => parseTerm(text, term)));
}

export function fieldMatcher(requirements: readonly FieldRequirement[]): FieldMatcher {
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (read) => requirements.every(({ field, equal, value }) => (read(field) === value) === equal),
    toString: () => requirements.map((r) => `${r.field}${r.equal ? '=' : '!='}${escapeValue(r.value)}`).join(','),
  };
}

/** The text of kube-apiserver's refusal of a field that the kind's selectors do not know. */
export function unsupportedField(field: string): string {
  return `field label not supported: ${field}`;
}

/** Commas part the terms, unless a backslash is before them. */
function splitTerms(text: string): string[] {
  return text.match(/(?:\\[\s\S]|[^\\,])+(?:\\$)?|\\$/g) ?? [];
}

function parseTerm(selector: string, term: string): FieldRequirement {
  const match = /^(.*?)(!=|==|=)([\s\S]*)$/.exec(term);
  if (!match) throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  return { field: match[1]!, equal: match[2] !== '!=', value: unescapeValue(match[3]!) };
}

function unescapeValue(text: string): string {
  if (!/[\\,=]/.test(text)) return text;
  return text.replace(/\\([\s\S]?)|([,=])/gu, (_, escaped: string | undefined, bare: string | undefined) => {
    if (bare) throw badRequest(`invalid field selector: unescaped character in value: ${bare.codePointAt(0)}`);
    if (!escaped || !'\\,='.includes(escaped)) {
      throw badRequest(`invalid field selector: invalid escape sequence: \\${escaped ?? ''}`);
    }
    return escaped;
  });
}

function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}
