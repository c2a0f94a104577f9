import { notFound } from '../../../lib/api/status.ts';
import type { Item } from '../../../lib/storage/contract.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import type { Answer, Call } from './call.ts';
import { checkResourceVersion } from './list-options.ts';
import { keyOf } from './resource-table.ts';
import { tooLargeResourceVersion } from './store-failure.ts';

/** The stored bytes as they are. Every read is of the newest state, which is what any resourceVersion but a future one asks for. */
export async function get(call: Call): Promise<Answer> {
  const wanted = call.query.get('resourceVersion');
  if (wanted) await checkReached(call, checkResourceVersion(wanted));
  return { status: 200, value: (await getItem(call)).value };
}

export async function getItem(call: Call): Promise<Item> {
  const { type, info, server } = call;
  const item = await viewOf(server.store).get(keyOf(type, info.namespace, info.name));
  if (!item) throw notFound(type, info.name);
  return item;
}

export async function checkReached(call: Call, wanted: number): Promise<void> {
  const current = await viewOf(call.server.store).revision(`${call.type.storage}/`);
  if (wanted > current)
    throw tooLargeResourceVersion(`Timeout: Too large resource version: ${wanted}, current: ${current}`);
}
