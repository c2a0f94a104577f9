import { goQuote } from '../go-text.ts';

/** A value of the wrong type, worded as Go's encoding/json words it. The structs on the way out add where it is. */
export class DecodeFault extends Error {
  readonly #text: (struct: string, field: string) => string;
  #struct = '';
  #fields: string[] = [];

  private constructor(text: (struct: string, field: string) => string) {
    super();
    this.#text = text;
  }

  /** `cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool` */
  static type(value: unknown, goType: string): DecodeFault {
    return new DecodeFault((struct, field) => {
      const target = struct ? `struct field ${struct}.${field}` : 'value';
      return `json: cannot unmarshal ${jsonKind(value, goType)} into Go ${target} of type ${goType}`;
    });
  }

  /** The fault of a type that decodes itself: no place is told. */
  static own(message: string): DecodeFault {
    return new DecodeFault(() => message);
  }

  /** Called by each struct that the fault passes, innermost first. */
  within(struct: string, field: string): this {
    this.#struct ||= struct;
    this.#fields.unshift(field);
    return this;
  }

  override get message(): string {
    return this.#text(this.#struct, this.#fields.join('.'));
  }
}

/** What Go calls the JSON value; a number that does not fit its type is shown. */
function jsonKind(value: unknown, goType: string): string {
  if (typeof value === 'number') return /^u?int|^float/.test(goType) ? `number ${value}` : 'number';
  if (typeof value === 'boolean') return 'bool';
  if (Array.isArray(value)) return 'array';
  return typeof value;
}

const RFC3339_PARTS: readonly [RegExp, string][] = [
  [/^\d{4}/, '2006'],
  [/^-/, '-'],
  [/^\d\d/, '01'],
  [/^-/, '-'],
  [/^\d\d/, '02'],
  [/^T/, 'T'],
  [/^\d\d/, '15'],
  [/^:/, ':'],
  [/^\d\d/, '04'],
  [/^:/, ':'],
  [/^\d\d(?:\.\d+)?/, '05'],
  [/^(?:Z|[+-]\d\d:\d\d)$/, 'Z07:00'],
];

/** Go's time.ParseError: the first part of the layout that does not fit, and what stood there. */
export function timeFault(text: string, layout = '2006-01-02T15:04:05Z07:00'): DecodeFault {
  const intro = `parsing time ${goQuote(text)}`;
  let rest = text;
  for (const [pattern, part] of RFC3339_PARTS) {
    const match = pattern.exec(rest);
    if (!match)
      return DecodeFault.own(`${intro} as ${goQuote(layout)}: cannot parse ${goQuote(rest)} as ${goQuote(part)}`);
    rest = rest.slice(match[0].length);
  }
  return DecodeFault.own(`${intro}: ${rangeFault(text)} out of range`);
}

function rangeFault(text: string): string {
  const [month, , hour, minute, second] = [5, 8, 11, 14, 17].map((at) => Number(text.slice(at, at + 2)));
  if (month! < 1 || month! > 12) return 'month';
  if (hour! > 23) return 'hour';
  if (minute! > 59) return 'minute';
  return second! > 59 ? 'second' : 'day';
}
