import { DatabaseError, type DatabaseFailure } from './database.ts';

/** AWS, "Error handling with DynamoDB". */
const FAILURES: Readonly<Record<string, DatabaseFailure>> = {
  ProvisionedThroughputExceededException: 'Throttled',
  ThrottlingException: 'Throttled',
  Throttling: 'Throttled',
  RequestLimitExceeded: 'Throttled',
  ReplicatedWriteConflictException: 'Conflict',
  TransactionConflictException: 'Conflict',
  TransactionInProgressException: 'LostReply',
  ItemCollectionSizeLimitExceededException: 'TooLarge',
  // A signature that was too old when it arrived.
  InvalidSignatureException: 'DeadlinePassed',
  RequestExpired: 'DeadlinePassed',
  ExpiredTokenException: 'DeadlinePassed',
};

/** The request never left. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** What the SDK threw as what the store has to know of it. */
export function databaseError(error: unknown): DatabaseError {
  if (error instanceof DatabaseError) return error;
  return new DatabaseError(failureOf(error as SdkError), String((error as Error)?.message ?? error), error);
}

interface SdkError {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}

function failureOf({ name = '', message = '', code = '', $metadata }: SdkError): DatabaseFailure {
  const known = FAILURES[name];
  if (known) return known;
  if (NOT_SENT.has(code)) return 'Throttled';
  const status = $metadata?.httpStatusCode;
  if (name === 'ValidationException' && /\bsize\b.*exceed|exceed.*\bsize\b/i.test(message)) return 'TooLarge';
  if (status === 413) return 'TooLarge';
  // An internal error, or no answer at all: it may have happened.
  return status === undefined || status >= 500 ? 'LostReply' : 'Failed';
}
