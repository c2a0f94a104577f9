/** What is wrong with a cron schedule, worded as github.com/robfig/cron/v3 words it; undefined when nothing is. */
export function scheduleFault(schedule: string): string | undefined {
  const text = schedule.replace(/^(?:CRON_)?TZ=\S+\s*/, '');
  if (text === '') return 'empty spec string';
  if (text.startsWith('@')) return descriptorFault(text);
  const fields = text.trim().split(/\s+/);
  if (fields.length !== FIELDS.length) {
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  for (const [i, field] of fields.entries()) {
    for (const part of field.split(',')) {
      const fault = rangeFault(part, FIELDS[i]!);
      if (fault) return fault;
    }
  }
  return undefined;
}

interface Field {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

const FIELDS: readonly Field[] = [
  { min: 0, max: 59, names: [] },
  { min: 0, max: 23, names: [] },
  { min: 1, max: 31, names: [] },
  { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
];

const DESCRIPTORS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

function descriptorFault(text: string): string | undefined {
  if (DESCRIPTORS.includes(text) || /^@every (?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  return text.startsWith('@every ') ? `failed to parse duration ${text}` : `unrecognized descriptor: ${text}`;
}

function rangeFault(expression: string, field: Field): string | undefined {
  const [range = '', step, ...more] = expression.split('/');
  if (more.length > 0) return `too many slashes: ${expression}`;
  const [low = '', high, ...rest] = range.split('-');
  if (rest.length > 0) return `too many hyphens: ${expression}`;
  if (step !== undefined && !/^\d+$/.test(step)) return numberFault(step);
  if (step !== undefined && Number(step) === 0) return `step of range should be a positive number: ${expression}`;
  if (low === '*' || low === '?') return undefined;
  const from = toNumber(low, field);
  const to = high === undefined ? (step === undefined ? from : field.max) : toNumber(high, field);
  if (typeof from === 'string') return from;
  if (typeof to === 'string') return to;
  return boundsFault(from, to, field, expression);
}

function boundsFault(from: number, to: number, { min, max }: Field, expression: string): string | undefined {
  if (from < min) return `beginning of range (${from}) below minimum (${min}): ${expression}`;
  if (to > max) return `end of range (${to}) above maximum (${max}): ${expression}`;
  return from > to ? `beginning of range (${from}) beyond end of range (${to}): ${expression}` : undefined;
}

/** The number, or the fault. */
function toNumber(text: string, { min, names }: Field): number | string {
  const named = names.indexOf(text.toLowerCase());
  if (named >= 0) return named + min;
  return /^\d+$/.test(text) ? Number(text) : numberFault(text);
}

function numberFault(text: string): string {
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  return `failed to parse int from ${text}: strconv.Atoi: parsing "${text}": invalid syntax`;
}
