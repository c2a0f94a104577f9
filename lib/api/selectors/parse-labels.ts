import { invalidValue } from '../causes.ts';
import { qualifiedName } from '../names.ts';
import { badRequest, type Cause } from '../status.ts';
import { type LabelMatcher, labelMatcher, type Operator, type Requirement, requirementFaults } from './labels.ts';

/**
 * The selector grammar of a query: `app in (a,b),tier!=db,!canary`.
 * Source: k8s.io/apimachinery/pkg/labels/selector.go; faults are worded as its parser words them.
 */
interface Token {
  type: 'end' | 'identifier' | 'error' | ')' | '(' | ',' | '!' | '==' | '=' | '!=' | '>' | '<' | 'in' | 'notin';
  text: string;
}

const SPECIAL = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '(']);
const OPERATORS: Readonly<Record<string, Operator>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

/** Throws StatusError 400, as a list with a bad labelSelector is answered. */
export function parseLabelSelector(text: string): LabelMatcher {
  try {
    return labelMatcher(new Parser(tokens(text)).requirements());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw badRequest(error.message);
  }
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  for (let position = 0; position < text.length; ) {
    const rest = text.slice(position);
    const space = /^[ \t\r\n]+/.exec(rest)?.[0];
    const symbols = space ? undefined : /^[=!(),><]+/.exec(rest)?.[0];
    const word = space || symbols ? undefined : /^[^=!(),>< \t\r\n]+/.exec(rest)![0];
    if (word) found.push({ type: word === 'in' || word === 'notin' ? word : 'identifier', text: word });
    const symbol = symbols ? specialToken(symbols) : undefined;
    if (symbol) found.push(symbol);
    position += (space ?? word ?? symbol?.text)!.length;
  }
  return [...found, { type: 'end', text: '' }];
}

/** The longest operator at the start of a run of symbols. */
function specialToken(symbols: string): Token {
  const two = symbols.slice(0, 2);
  const text = SPECIAL.has(two) ? two : symbols[0]!;
  return { type: text as Token['type'], text };
}

class Parser {
  readonly #tokens: Token[];
  #position = 0;

  constructor(list: Token[]) {
    this.#tokens = list;
  }

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    for (;;) {
      const { type, text } = this.#peek();
      if (type === 'end') return found;
      if (!startsRequirement(type))
        throw new SyntaxError(`found '${text}', expected: !, identifier, or 'end of string'`);
      found.push(this.#requirement());
      const after = this.#next();
      if (after.type === 'end') return found;
      if (after.type !== ',') throw new SyntaxError(`found '${after.text}', expected: ',' or 'end of string'`);
      const next = this.#peek();
      if (!startsRequirement(next.type)) throw new SyntaxError(`found '${next.text}', expected: identifier after ','`);
    }
  }

  #requirement(): Requirement {
    const negated = this.#peek().type === '!' && this.#next() !== undefined;
    const { type, text: key } = this.#next();
    if (!isWord(type)) throw new ParseError(`found '${key}', expected: identifier`);
    const keyFaults = qualifiedName(key);
    if (keyFaults.length > 0) throw new ParseError(worded(invalidValue('<nil>', key, keyFaults.join('; '))));
    if (negated) return checked({ key, operator: '!', values: [] });
    const after = this.#peek().type;
    if (after === 'end' || after === ',') return checked({ key, operator: 'exists', values: [] });
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#set() : [this.#exactValue()];
    return checked({ key, operator, values: [...new Set(values)].sort() });
  }

  #operator(): Operator {
    const { type, text } = this.#next();
    const operator = OPERATORS[type];
    if (!operator) throw new ParseError(`found '${text}', expected: in, notin, =, ==, !=, gt, lt`);
    return operator;
  }

  #exactValue(): string {
    const ahead = this.#peek().type;
    if (ahead === 'end' || ahead === ',') return '';
    const { type, text } = this.#next();
    if (!isWord(type)) throw new ParseError(`found '${text}', expected: identifier`);
    return text;
  }

  #set(): string[] {
    const open = this.#next();
    if (open.type !== '(') throw new ParseError(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.type === ')') return this.#next() && [''];
    if (!isWord(first.type) && first.type !== ',') {
      throw new ParseError(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    return this.#members();
  }

  /** Between commas, before the first and after the last, an empty value may stand. */
  #members(): string[] {
    const values: string[] = [];
    for (let word = ''; ; ) {
      const { type, text } = this.#next();
      if (isWord(type)) {
        word = text;
        const ahead = this.#peek();
        if (ahead.type !== ',' && ahead.type !== ')')
          throw new ParseError(`found '${ahead.text}', expected: ',' or ')'`);
        continue;
      }
      if (type !== ',' && type !== ')') throw new ParseError(`found '${text}', expected: ',', or identifier`);
      values.push(word);
      word = '';
      if (type === ')') return values;
    }
  }

  #peek(): Token {
    return this.#tokens[this.#position]!;
  }

  #next(): Token {
    return this.#tokens[this.#position++] ?? this.#tokens.at(-1)!;
  }
}

/** A fault inside one requirement: upstream puts `unable to parse requirement: ` before it. */
class ParseError extends SyntaxError {
  constructor(message: string) {
    super(`unable to parse requirement: ${message}`);
  }
}

function isWord(type: Token['type']): boolean {
  return type === 'identifier' || type === 'in' || type === 'notin';
}

function startsRequirement(type: Token['type']): boolean {
  return isWord(type) || type === '!';
}

function worded(cause: Cause): string {
  return `${cause.field}: ${cause.message}`;
}

function checked(requirement: Requirement): Requirement {
  const faults = requirementFaults(requirement, { key: 'key', values: 'values' }).map(worded);
  if (faults.length === 0) return requirement;
  throw new ParseError(faults.length === 1 ? faults[0]! : `[${faults.join(', ')}]`);
}
