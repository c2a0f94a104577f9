import type { Item } from '../contract.ts';
import { CHANGE_TYPES, type ChangingWrite, encoded, expectedRevision } from '../memory/write.ts';
import { type Blob, pack, packAgainst, type Reference, refer, referenceOf } from './blob.ts';
import type { Context } from './context.ts';
import type { ObjectCheck, ObjectWrite } from './database.ts';
import { type EncodedChange, encodeEntry } from './log-entry.ts';
import { LoggedChange } from './logged-change.ts';
import { writeParts } from './parts.ts';
import type { Planned } from './plan.ts';
import type { Present } from './reads.ts';

/** What a slot holds at most: an item holds 400 KB, and the slot has a few attributes more. */
const MAX_ENTRY_BYTES = 380_000;
/** About what the header of a change and a reference take. */
const CHANGE_BYTES = 400;

/** A commit at one revision, ready to be written. */
export interface EncodedCommit {
  readonly items: readonly Item[];
  readonly changes: readonly LoggedChange[];
  readonly body: Uint8Array;
  readonly writes: readonly ObjectWrite[];
  readonly checks: readonly ObjectCheck[];
  /** Parts that nobody needs should the commit fail. */
  readonly written: readonly Reference[];
  /** Parts that only the log needs once the commit has happened. */
  readonly replaced: readonly Reference[];
}

interface Piece {
  readonly write: ChangingWrite;
  readonly present: Present;
  readonly plain: Uint8Array;
  value: Blob;
  previous?: Blob;
}

/** The writes' bytes at this revision. Throws StoreError TooLarge, or what an Encode threw. */
export function encodePieces(planned: readonly Planned[], revision: number, maxValueBytes: number): Piece[] {
  return planned.flatMap(({ write, present }) => {
    if (write.op === 'check') return [];
    const plain = encoded(write, revision, maxValueBytes);
    const piece = { write, present, plain, value: pack(plain) };
    if (!present.item) return [piece];
    // What lies in parts already is not written again as a difference.
    const previous = present.reference ? refer(present.reference) : packAgainst(present.item.value, plain);
    return [{ ...piece, previous }];
  });
}

/** Writes what is too large for an item, and names all that the transaction writes. */
export async function encodeCommit(
  context: Context,
  planned: readonly Planned[],
  revision: number,
  commitId: string,
): Promise<EncodedCommit> {
  const pieces = encodePieces(planned, revision, context.limits.maxValueBytes);
  const written = await moveToParts(context, pieces, commitId);
  const changes = pieces.map(changeOf);
  // A transaction names an item once; the write's own condition says the same.
  const isWritten = new Set(pieces.map(({ write }) => write.key));
  const checks = planned.filter(({ write }) => write.op === 'check' && !isWritten.has(write.key));
  return {
    items: pieces.map(({ write, plain }) => ({ key: write.key, revision, value: plain })),
    changes: changes.map((change, i) => new LoggedChange(revision, change, pieces[i]!.plain)),
    body: encodeEntry(changes),
    writes: pieces.map(objectWrite),
    checks: checks.map(({ write }) => ({ key: write.key, expected: expectedRevision(write) })),
    written,
    replaced: pieces.flatMap(replacedParts),
  };
}

async function moveToParts(context: Context, pieces: Piece[], commitId: string): Promise<Reference[]> {
  const limit = inlineLimit(pieces, context.limits.inlineBytes);
  const written: Reference[] = [];
  const move = async (name: string, blob: Blob) => {
    if (blob.length <= limit) return blob;
    const reference = await writeParts(context, `${commitId}/${name}`, blob);
    written.push(referenceOf(reference)!);
    return reference;
  };
  for (const [i, piece] of pieces.entries()) {
    piece.value = await move(`${i}`, piece.value);
    if (piece.previous) piece.previous = await move(`${i}-previous`, piece.previous);
  }
  return written;
}

/** The largest size that may stay inline so that the whole entry fits into its slot. */
function inlineLimit(pieces: readonly Piece[], inlineBytes: number): number {
  const sizes = pieces.flatMap(({ value, previous }) => [value.length, previous?.length ?? 0]);
  const total = (limit: number) => sizes.reduce((sum, size) => sum + CHANGE_BYTES + (size <= limit ? size : 0), 0);
  let limit = inlineBytes;
  while (limit >= 1 && total(limit) > MAX_ENTRY_BYTES) limit /= 2;
  return limit;
}

function changeOf({ write, present, value, previous }: Piece): EncodedChange {
  const change = { type: CHANGE_TYPES[write.op], key: write.key, value };
  return previous ? { ...change, previous: { revision: present.item!.revision, value: previous } } : change;
}

function objectWrite({ write, value }: Piece): ObjectWrite {
  const common = { key: write.key, expected: expectedRevision(write) };
  return write.op === 'delete' ? common : { ...common, body: value };
}

function replacedParts({ write, present, value, previous }: Piece): Reference[] {
  const own = previous && !present.reference ? referenceOf(previous) : undefined;
  const last = write.op === 'delete' ? referenceOf(value) : undefined;
  return [present.reference, own, last].filter((reference) => reference !== undefined);
}
