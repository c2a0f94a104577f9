/**
 * resource.Quantity: exact fixed-point amounts with Kubernetes' suffixes. Held as whole nanos, the finest it can be.
 * Source: k8s.io/apimachinery/pkg/api/resource/quantity.go (parsing, rounding up, canonical form).
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export class QuantityError extends Error {}

const NANO_DIGITS = 9;
const NANOS = 10n ** 9n;
const MAX_INT64 = 2n ** 63n - 1n;
/** Far beyond every suffix; keeps `1e999999999` from filling the memory. */
const MAX_EXPONENT = 400;
/** No amount needs more; keeps a megabyte of digits from being multiplied. */
const MAX_DIGITS = 1000;
/** Up to so many digits upstream keeps an int64 and the text it was given. */
const INT64_DIGITS = 18;

const DECIMAL_SUFFIXES = new Map([['n', -9], ['u', -6], ['m', -3], ['', 0], ['k', 3], ['M', 6], ['G', 9], ['T', 12], ['P', 15], ['E', 18]]); // biome-ignore format: a table
const BINARY_SUFFIXES = new Map([['Ki', 10], ['Mi', 20], ['Gi', 30], ['Ti', 40], ['Pi', 50], ['Ei', 60]]); // biome-ignore format: a table
const DECIMAL_BY_EXPONENT = new Map([...DECIMAL_SUFFIXES].map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_BY_EXPONENT = new Map(
  [...BINARY_SUFFIXES, ['', 0] as const].map(([suffix, exponent]) => [exponent, suffix]),
);

/** The suffix begins with a letter or a sign, so that no digit can be taken for either part: matching stays linear. */
const SPLIT = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(|[eEinumkKMGTP]+[-+]?[0-9]*|[-+][0-9]*)$/;
const FORMAT_ERROR = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const NUMERIC_ERROR = 'unable to parse numeric part of quantity';
const SUFFIX_ERROR = "unable to parse quantity's suffix";

export class Quantity {
  /** Billionths of one. */
  readonly nanos: bigint;
  readonly format: QuantityFormat;
  #text: string | undefined;

  constructor(nanos: bigint, format: QuantityFormat = 'DecimalSI', text?: string) {
    this.nanos = nanos;
    this.format = format;
    this.#text = text;
  }

  /** `value` times 10^`scale`. */
  static of(value: number, format: QuantityFormat = 'DecimalSI', scale = 0): Quantity {
    return new Quantity(BigInt(value) * 10n ** BigInt(NANO_DIGITS + scale), format);
  }

  static milli(value: number, format: QuantityFormat = 'DecimalSI'): Quantity {
    return Quantity.of(value, format, -3);
  }

  /** The canonical form: no fraction, the largest suffix that loses nothing. */
  toString(): string {
    this.#text ??= canonicalText(this);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  /** Whole units, rounded away from zero. */
  value(): number {
    return this.scaledValue(0);
  }

  /** Thousandths, rounded away from zero. */
  milliValue(): number {
    return this.scaledValue(-3);
  }

  /** Multiples of 10^`scale`, rounded away from zero. */
  scaledValue(scale: number): number {
    return Number(divideAway(this.nanos, 10n ** BigInt(NANO_DIGITS + scale)));
  }

  toNumber(): number {
    return Number(this.nanos) / 1e9;
  }

  isZero(): boolean {
    return this.nanos === 0n;
  }

  sign(): -1 | 0 | 1 {
    return this.nanos === 0n ? 0 : this.nanos < 0n ? -1 : 1;
  }

  compare(other: Quantity): -1 | 0 | 1 {
    return this.nanos === other.nanos ? 0 : this.nanos < other.nanos ? -1 : 1;
  }

  /** A zero takes the format of what is added to it. */
  add(other: Quantity): Quantity {
    return new Quantity(this.nanos + other.nanos, this.isZero() ? other.format : this.format);
  }

  sub(other: Quantity): Quantity {
    return new Quantity(this.nanos - other.nanos, this.isZero() ? other.format : this.format);
  }

  mul(factor: number): Quantity {
    return new Quantity(this.nanos * BigInt(factor), this.format);
  }

  negate(): Quantity {
    return new Quantity(-this.nanos, this.format);
  }

  /** Rounded away from zero to a multiple of 10^`scale`; itself when it is one already. */
  roundUp(scale: number): Quantity {
    const unit = 10n ** BigInt(NANO_DIGITS + scale);
    return this.nanos % unit === 0n ? this : new Quantity(divideAway(this.nanos, unit) * unit, this.format);
  }
}

/** Throws QuantityError, worded as upstream. */
export function parseQuantity(text: string): Quantity {
  const match = SPLIT.exec(text);
  if (!match || text === '') throw new QuantityError(FORMAT_ERROR);
  const [, sign, leading, fraction = '', suffix] = match;
  if (leading!.length + fraction.length > MAX_DIGITS) throw new QuantityError(NUMERIC_ERROR);
  const unit = interpretSuffix(suffix!);
  const whole = leading!.replace(/^0+/, '') || '0';
  const nanos = toNanos(whole, fraction, unit);
  const signed = sign === '-' ? -nanos : nanos;
  if (nanos === 0n) return new Quantity(0n, unit.format, text === '0' ? text : undefined);
  const format = unit.format === 'BinarySI' && nanos < NANOS ? 'DecimalSI' : unit.format;
  return new Quantity(signed, format, keepsText(whole, fraction, unit) ? text : undefined);
}

interface Unit {
  exponent: number;
  format: QuantityFormat;
}

function interpretSuffix(suffix: string): Unit {
  const decimal = DECIMAL_SUFFIXES.get(suffix);
  if (decimal !== undefined) return { exponent: decimal, format: 'DecimalSI' };
  const binary = BINARY_SUFFIXES.get(suffix);
  if (binary !== undefined) return { exponent: binary, format: 'BinarySI' };
  const exponent = /^[eE]([-+]?[0-9]+)$/.exec(suffix)?.[1];
  if (exponent === undefined || Math.abs(Number(exponent)) > MAX_EXPONENT) throw new QuantityError(SUFFIX_ERROR);
  return { exponent: Number(exponent), format: 'DecimalExponent' };
}

/** What is finer than a nano is rounded up: who wants some gets some. */
function toNanos(whole: string, fraction: string, { exponent, format }: Unit): bigint {
  const digits = BigInt(whole + fraction);
  const binary = format === 'BinarySI';
  const scale = NANO_DIGITS - fraction.length + (binary ? 0 : exponent);
  const amount = binary ? digits << BigInt(exponent) : digits;
  const nanos = scale >= 0 ? amount * 10n ** BigInt(scale) : divideAway(amount, 10n ** BigInt(-scale));
  return binary && nanos > MAX_INT64 * NANOS ? MAX_INT64 * NANOS : nanos;
}

/** Whether upstream serves the text it was given: its quick test for a canonical form, which lets `1.500` and `+5` pass. */
function keepsText(whole: string, fraction: string, { exponent, format }: Unit): boolean {
  const digits = whole + fraction;
  if (format === 'BinarySI') {
    return fraction === '' && digits.length <= 14 - Math.trunc((exponent * 3) / 10) && (Number(digits) & 7) !== 0;
  }
  const scale = exponent - fraction.length;
  const quick = digits.length <= INT64_DIGITS && scale >= -NANO_DIGITS;
  return quick && scale % 3 === 0 && !digits.endsWith('000') && digits[0] !== '0';
}

function canonicalText(quantity: Quantity): string {
  if (quantity.isZero()) return '0';
  return isBinary(quantity) ? binaryText(quantity.nanos / NANOS) : decimalText(quantity.nanos, quantity.format);
}

/** Small or fractional amounts are shown decimal, so that nothing is lost. */
function isBinary({ nanos, format }: Quantity): boolean {
  const tiny = nanos > -1024n * NANOS && nanos < 1024n * NANOS;
  return format === 'BinarySI' && !tiny && nanos % NANOS === 0n;
}

function binaryText(amount: bigint): string {
  let exponent = 0;
  for (; exponent < 60 && amount % 1024n === 0n; exponent += 10) amount /= 1024n;
  return `${amount}${BINARY_BY_EXPONENT.get(exponent)}`;
}

function decimalText(nanos: bigint, format: QuantityFormat): string {
  const limit = format === 'DecimalExponent' ? MAX_EXPONENT : 18;
  let exponent = -NANO_DIGITS;
  for (; exponent < limit && nanos % 1000n === 0n; exponent += 3) nanos /= 1000n;
  if (format !== 'DecimalExponent') return `${nanos}${DECIMAL_BY_EXPONENT.get(exponent)}`;
  return exponent === 0 ? `${nanos}` : `${nanos}e${exponent}`;
}

function divideAway(amount: bigint, by: bigint): bigint {
  const quotient = amount / by;
  if (amount % by === 0n) return quotient;
  return amount < 0n ? quotient - 1n : quotient + 1n;
}

/** The same few texts are canonicalized all day. */
const CACHE_LIMIT = 4096;
const canonical = new Map<string, string>();

/** The canonical text of a quantity given as text or as a JSON number. Throws QuantityError. */
export function canonicalQuantity(value: string | number): string {
  const text = typeof value === 'string' ? value : String(value);
  const known = canonical.get(text);
  if (known !== undefined) return known;
  const result = parseQuantity(text.trim()).toString();
  if (canonical.size >= CACHE_LIMIT) canonical.clear();
  canonical.set(text, result);
  return result;
}

export function compareQuantities(a: string | number, b: string | number): -1 | 0 | 1 {
  return parseQuantity(String(a)).compare(parseQuantity(String(b)));
}

export function addQuantities(a: string | number, b: string | number): string {
  return parseQuantity(String(a))
    .add(parseQuantity(String(b)))
    .toString();
}
