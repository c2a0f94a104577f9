import type { Status, StatusCause, StatusDetails } from './types.ts';

/** metav1.StatusReason: what callers branch on. Source: k8s.io/apimachinery/pkg/apis/meta/v1/types.go. */
export type Reason =
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Invalid'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'Expired'
  | 'ServiceUnavailable'
  | '';

/** metav1.CauseType. */
export type CauseType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError'
  | 'UnexpectedServerResponse'
  | 'FieldManagerConflict'
  | 'ResourceVersionTooLarge'
  | 'NamespaceTerminating'
  | 'DisruptionBudget'
  | (string & {});

/** One field's fault; `message` is without the field's path, as in `Required value: must have a name`. */
export interface Cause {
  reason: CauseType;
  message: string;
  field?: string;
}

/** The one error that crosses boundaries: it is answered as a `Status` object with `code`. */
export class StatusError extends Error {
  readonly code: number;
  readonly reason: Reason;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: Reason, message: string, details?: StatusDetails, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StatusError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  toStatus(): Status {
    const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: this.message };
    if (this.reason) status.reason = this.reason;
    if (this.details) status.details = this.details;
    status.code = this.code;
    return status;
  }

  static from(status: Status): StatusError {
    return new StatusError(status.code ?? 500, (status.reason ?? '') as Reason, status.message ?? '', status.details);
  }
}

/** Names a type in messages: `pods`, `deployments.apps`. */
export interface GroupResource {
  group: string;
  resource: string;
}

export function qualified({ group, resource }: GroupResource): string {
  return group ? `${resource}.${group}` : resource;
}

function details(type: GroupResource, name: string, more: Partial<StatusDetails> = {}): StatusDetails {
  return { ...(name ? { name } : {}), ...(type.group ? { group: type.group } : {}), kind: type.resource, ...more };
}

export function notFound(type: GroupResource, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${qualified(type)} "${name}" not found`, details(type, name));
}

export function alreadyExists(type: GroupResource, name: string): StatusError {
  return new StatusError(409, 'AlreadyExists', `${qualified(type)} "${name}" already exists`, details(type, name));
}

export function conflict(type: GroupResource, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(type)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, details(type, name));
}

/** kube-apiserver's words for an update whose resourceVersion is old. */
export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

export function forbidden(type: GroupResource, name: string, why: string): StatusError {
  const subject = name ? `${qualified(type)} "${name}"` : qualified(type);
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, details(type, name));
}

/** `kind` is the qualified kind: { group: 'apps', kind: 'Deployment' } reads `Deployment.apps "x" is invalid: …`. */
export function invalid(kind: { group: string; kind: string }, name: string, causes: Cause[]): StatusError {
  const texts = causes.map((c) => (c.field ? `${c.field}: ${c.message}` : c.message));
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const subject = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
  return new StatusError(422, 'Invalid', `${subject} "${name}" is invalid: ${list}`, {
    ...(name ? { name } : {}),
    ...(kind.group ? { group: kind.group } : {}),
    kind: kind.kind,
    causes: causes as StatusCause[],
  });
}

export const badRequest = (message: string) => new StatusError(400, 'BadRequest', message);
export const unauthorized = (message = 'Unauthorized') => new StatusError(401, 'Unauthorized', message);
export const expired = (message: string) => new StatusError(410, 'Expired', message);
export const internalError = (cause: unknown) =>
  new StatusError(
    500,
    'InternalError',
    `Internal error occurred: ${cause instanceof Error ? cause.message : String(cause)}`,
    { causes: [{ message: cause instanceof Error ? cause.message : String(cause) }] },
    { cause },
  );
export const tooManyRequests = (message: string, retryAfterSeconds: number) =>
  new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
export const serviceUnavailable = (message: string) => new StatusError(503, 'ServiceUnavailable', message);

export function isReason(error: unknown, ...reasons: Reason[]): error is StatusError {
  return error instanceof StatusError && reasons.includes(error.reason);
}
