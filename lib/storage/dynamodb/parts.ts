import { type Blob, joined, type Reference, refer, referenceOf } from './blob.ts';
import type { Context } from './context.ts';
import { KEPT_MS } from './database.ts';
import { isPassing, repeated } from './retry.ts';

/** An item holds 400 KB, its names and its other attributes included (AWS, "Quotas in Amazon DynamoDB"). */
const PART_BYTES = 380_000;

/** Writes a blob in parts and returns the blob that refers to them. Nobody else knows the id: a repetition does no harm. */
export async function writeParts(context: Context, id: string, packed: Blob): Promise<Blob> {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < packed.length; at += PART_BYTES) parts.push(packed.subarray(at, at + PART_BYTES));
  await repeated(context, () => context.database.writeParts(id, parts));
  return refer({ id, count: parts.length });
}

/** The blob itself, read from its parts where it lies there; undefined: it is gone, so whoever referred to it is long past. */
export async function whole(context: Context, packed: Blob): Promise<Blob | undefined> {
  const reference = referenceOf(packed);
  if (!reference) return packed;
  const parts = await repeated(context, () => context.database.readParts(reference.id, reference.count));
  return parts && joined(parts);
}

/**
 * Parts that nothing refers to, or only the log still does, go when the log's slots go. Should the request fail, they stay:
 * bytes that are paid for, and nothing else.
 */
export async function expireParts(context: Context, references: readonly Reference[]): Promise<void> {
  const atMs = context.clock.now() + KEPT_MS;
  for (const { id, count } of references) {
    try {
      await context.database.expireParts(id, count, atMs);
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}
