import { StoreError } from '../contract.ts';

/** Where a list goes on: after this key, at this revision; 0: at the newest. */
export interface Position {
  revision: number;
  after: string;
}

export function encodeToken({ revision, after }: Position): string {
  return Buffer.from(JSON.stringify([revision, after])).toString('base64url');
}

/** Throws `InvalidToken` unless it is a token of a list of this prefix. */
export function decodeToken(token: string, prefix: string): Position {
  const [revision, after] = parse(token);
  const ours = Number.isSafeInteger(revision) && revision >= 0 && typeof after === 'string' && after.startsWith(prefix);
  if (!ours) throw new StoreError('InvalidToken', 'continue key is not valid');
  return { revision, after };
}

function parse(token: string): any[] {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch (cause) {
    throw new StoreError('InvalidToken', 'continue key is not valid', { cause });
  }
}
