/**
 * Formats of names, keys and values. Each check returns the faults, worded as upstream; an empty list is a good value.
 * Sources: k8s.io/apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content, pkg/api/validation/generic.go.
 * Upstream counts label keys and values in "bytes" and names in "characters"; both count bytes.
 */
export type FormatCheck = (value: string) => string[];

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_UNDERSCORE = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_UNDERSCORE = `${LABEL_UNDERSCORE}(\\.${LABEL_UNDERSCORE})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const KEY_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

export const LABEL_MAX_BYTES = 63;
export const SUBDOMAIN_MAX_BYTES = 253;

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const LABEL_PATTERN = whole(LABEL);
const SUBDOMAIN_PATTERN = whole(SUBDOMAIN);
const KEY_NAME_PATTERN = whole(KEY_NAME);
const LABEL_VALUE_PATTERN = whole(`(${KEY_NAME})?`);

export function regexError(message: string, pattern: string, ...examples: string[]): string {
  const tail = `regex used for validation is '${pattern}')`;
  if (examples.length === 0) return `${message} (${tail}`;
  return `${message} (e.g. ${examples.map((e) => `'${e}', `).join(' or ')}${tail}`;
}

export const maxLengthError = (max: number) => `must be no more than ${max} characters`;
const maxBytesError = (max: number) => `must be no more than ${max} bytes`;
export const inclusiveRangeError = (low: number, high: number) => `must be between ${low} and ${high}, inclusive`;
export const EMPTY_ERROR = 'must be non-empty';
export const NEGATIVE_ERROR = 'must be greater than or equal to 0';

/** Bytes of UTF-8; names are nearly always ASCII, whose length is its bytes. */
export function byteLength(value: string): number {
  return value.length * 3 <= LABEL_MAX_BYTES ? value.length : Buffer.byteLength(value);
}

/** A check by pattern, and by length when `max` is given. */
function format(pattern: string, message: string, examples: string[], max?: number): FormatCheck {
  const regex = whole(pattern);
  return (value) => {
    const faults: string[] = [];
    if (max !== undefined && byteLength(value) > max) faults.push(maxLengthError(max));
    if (!regex.test(value)) faults.push(regexError(message, pattern, ...examples));
    return faults;
  };
}

export function dns1123Label(value: string): string[] {
  const faults = byteLength(value) > LABEL_MAX_BYTES ? [maxLengthError(LABEL_MAX_BYTES)] : [];
  if (LABEL_PATTERN.test(value)) return faults;
  if (SUBDOMAIN_PATTERN.test(value)) return [...faults, 'must not contain dots'];
  const message =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...faults, regexError(message, LABEL, 'my-name', '123-abc')];
}

export const dns1123Subdomain = format(
  SUBDOMAIN,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  SUBDOMAIN_MAX_BYTES,
);

export const dns1123SubdomainWithUnderscore = format(
  SUBDOMAIN_UNDERSCORE,
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  SUBDOMAIN_MAX_BYTES,
);

export const dns1035Label = format(
  LABEL_1035,
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  ['my-name', 'abc-123'],
  LABEL_MAX_BYTES,
);

export const wildcardSubdomain = format(
  WILDCARD,
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  ['*.example.com'],
  SUBDOMAIN_MAX_BYTES,
);

export const cIdentifier = format(
  '[A-Za-z_][A-Za-z0-9_]*',
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
  ['my_name', 'MY_NAME', 'MyName'],
);

export const percent = format('[0-9]+%', "a valid percent string must be a numeric string followed by an ending '%'", [
  '1%',
  '93%',
]);

export const httpHeaderName = format(
  '[-A-Za-z0-9]+',
  "a valid HTTP header must consist of alphanumeric characters or '-'",
  ['X-Header-Name'],
);

/** What Pods may name since RelaxedEnvironmentVariableValidation. */
export function relaxedEnvVarName(value: string): string[] {
  const faults = value === '' ? [`environment variable name ${EMPTY_ERROR}`] : [];
  if (!/^[\x20-\x3c\x3e-\x7e]*$/.test(value)) {
    faults.push("a valid environment variable name must consist only of printable ASCII characters other than '='");
  }
  return faults;
}

const configKeyCharacters = format(
  '[-._a-zA-Z0-9]+',
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
  SUBDOMAIN_MAX_BYTES,
);

/** A key of a ConfigMap or Secret. */
export function configMapKey(value: string): string[] {
  return [...configKeyCharacters(value), ...parentDirectory(value)];
}

function parentDirectory(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** `name` or `prefix/name`: label keys, annotation keys, finalizers, taint keys. */
export function qualifiedName(value: string): string[] {
  const message =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const nameError = regexError(message, KEY_NAME, 'MyName', 'my.name', '123-abc');
  const parts = value.split('/');
  if (parts.length > 2) {
    return [`a valid label key ${nameError} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1)!;
  const faults = parts.length === 2 ? prefixFaults(parts[0]!) : [];
  if (name === '') faults.push(`name part ${EMPTY_ERROR}`);
  else if (byteLength(name) > LABEL_MAX_BYTES) faults.push(`name part ${maxBytesError(LABEL_MAX_BYTES)}`);
  if (!KEY_NAME_PATTERN.test(name)) faults.push(`name part ${nameError}`);
  return faults;
}

function prefixFaults(prefix: string): string[] {
  if (prefix === '') return [`prefix part ${EMPTY_ERROR}`];
  return dns1123Subdomain(prefix).map((fault) => `prefix part ${fault.replace(/characters$/, 'bytes')}`);
}

export function labelValue(value: string): string[] {
  const faults = byteLength(value) > LABEL_MAX_BYTES ? [maxBytesError(LABEL_MAX_BYTES)] : [];
  if (LABEL_VALUE_PATTERN.test(value)) return faults;
  const message =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [...faults, regexError(message, `(${KEY_NAME})?`, 'MyValue', 'my_value', '12345')];
}

export function portNumber(value: number): string[] {
  return inRange(value, 1, 65535);
}

export function inRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [inclusiveRangeError(low, high)];
}

/** A Unix user or group id. */
export function userId(value: number): string[] {
  return inRange(value, 0, 2_147_483_647);
}

/** IANA_SVC_NAME as RFC 6335 has it, lower case only. */
export function portName(value: string): string[] {
  const faults: string[] = [];
  if (byteLength(value) > 15) faults.push(maxLengthError(15));
  if (!/^[-a-z0-9]+$/.test(value)) {
    faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) faults.push('must contain at least one letter (a-z)');
  if (value.includes('--')) faults.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) faults.push('must not begin or end with a hyphen');
  return faults;
}

/** A name that must only be safe in a URL's path: RBAC objects. */
export function pathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return pathSegmentPrefix(value);
}

export function pathSegmentPrefix(value: string): string[] {
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

/** A generateName is checked as if something followed its trailing dash. */
export function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}
