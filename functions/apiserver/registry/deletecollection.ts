import { isReason } from '../../../lib/api/status.ts';
import type { Item } from '../../../lib/storage/contract.ts';
import type { Answer, Call } from './call.ts';
import { deleteItem } from './delete.ts';
import { type DeleteOptions, deleteOptions } from './delete-options.ts';
import { listItems } from './list.ts';
import { listOptions } from './list-options.ts';

/** Deletions under way at once: the store commits those of one turn of the event loop together. */
const CONCURRENCY = 1_000;

/** Deletes what a list finds, and answers with that list. */
export async function deleteCollection(call: Call): Promise<Answer> {
  const selected = listOptions(call);
  const options = await deleteOptions(call);
  const { values, ...rest } = await listItems(call, selected);
  for (let start = 0; start < values.length; start += CONCURRENCY) {
    await Promise.all(values.slice(start, start + CONCURRENCY).map((item) => deleteOne(call, item, options)));
  }
  return { status: 200, list: { values: values.map((item) => item.value), ...rest } };
}

async function deleteOne(call: Call, item: Item, options: DeleteOptions): Promise<void> {
  try {
    await deleteItem(call, item, options);
  } catch (error) {
    // Someone else was sooner.
    if (!isReason(error, 'NotFound')) throw error;
  }
}
