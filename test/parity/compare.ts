import type { Answer } from './target.ts';

/** What of an answer must be the same: everything but what each server makes up. */
export function comparable({ code, body, warnings }: Answer): unknown {
  const told = [...new Set(warnings)].sort();
  if (code >= 400) return { ...failure(code, body), warnings: told };
  const uid = body?.metadata?.uid;
  const text = JSON.stringify(body);
  return { code, warnings: told, body: scrub(JSON.parse(uid ? text.replaceAll(uid, 'UID') : text)) };
}

const UID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Maps have no order in Go, and some checks run twice there. */
function failure(code: number, body: any): object {
  const { reason, details = {} } = body ?? {};
  const causes = [...new Set<string>((details.causes ?? []).map(causeText))].sort();
  const { name, kind, group, retryAfterSeconds } = details;
  const message = causes.length > 0 ? subject(body.message) : body?.message?.replace(UID, 'UID');
  return { code, reason, message, causes, details: { name, kind, group, retryAfterSeconds } };
}

/** What follows the first line is a diff of Go structs; a struct is printed with Go's field names; uids are made up. */
function causeText({ reason, field, message }: any): string {
  const line = String(message)
    .split('\n')[0]!
    .replace(/^([A-Z][a-z]+ value: )[{[]"?.*[}\]]((?:: [^{}[\]]*)?)$/, '$1{…}$2')
    .replace(UID, 'UID');
  return `${field}: ${reason}: ${line}`;
}

/** The causes are compared by themselves. */
function subject(message: string): string {
  return message.slice(0, message.indexOf(' is invalid:') + ' is invalid:'.length);
}

const MADE_UP = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'lastTransitionTime',
  'lastPhaseTransitionTime',
  'lastUpdateTime',
  'clusterIP',
  'clusterIPs',
  'nodePort',
  'healthCheckNodePort',
  'deletionTimestamp',
  'timeAdded',
]);

function scrub(value: any): any {
  if (Array.isArray(value)) return value.map(scrub);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field]) => field !== OWNERSHIP)
      .map(([field, inner]) => [field, MADE_UP.has(field) ? marker(inner) : scrub(inner)]),
  );
}

/** Zeroplane tracks ownership from an object's first apply on; test/unit/apiserver has tests of its own for it. */
const OWNERSHIP = 'managedFields';

/** That it is there, and of which kind, still counts; a headless Service's None is no invention. */
function marker(value: unknown): unknown {
  if (value === 'None' || (Array.isArray(value) && value[0] === 'None')) return value;
  return value ? '*' : value;
}
