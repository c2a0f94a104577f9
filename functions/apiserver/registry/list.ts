import { expired, StatusError } from '../../../lib/api/status.ts';
import {
  type Item,
  type ItemList,
  StoreError,
  type ListOptions as StoreListOptions,
} from '../../../lib/storage/contract.ts';
import { viewOf } from '../../../lib/storage/view.ts';
import { type Selection, selectionOf } from '../watch/selection.ts';
import type { Answer, Call, ListAnswer } from './call.ts';
import { checkReached } from './get.ts';
import { type ListOptions, listOptions, listResourceVersion } from './list-options.ts';
import { keyOf, keyPrefix } from './resource-table.ts';
import { storeFailure } from './store-failure.ts';

export async function list(call: Call): Promise<Answer> {
  const { values, ...rest } = await listItems(call, listOptions(call));
  return { status: 200, list: { values: values.map((item) => item.value), ...rest } };
}

export type Found = Omit<ListAnswer, 'values'> & { values: readonly Item[] };

export async function listItems(call: Call, options: ListOptions): Promise<Found> {
  if (options.resourceVersion) await checkReached(call, listResourceVersion(options.resourceVersion));
  try {
    if (options.name) return await listOne(call, options, options.name);
    const selection = selectionOf(call.type, options);
    if (!selection || !options.limit || options.resourceVersion === '0') return await listAll(call, options, selection);
    return await listSelected(call, options, selection);
  } catch (error) {
    throw listFailure(call, error, options);
  }
}

async function listOne(call: Call, options: ListOptions, name: string): Promise<Found> {
  const view = viewOf(call.server.store);
  const { type, info } = call;
  if (type.namespaced && !info.namespace) return listByName(call, options, name);
  const revision = await view.revision(`${type.storage}/`);
  const item = await view.get(keyOf(type, info.namespace, name));
  const selection = selectionOf(type, options);
  const found = item && (!selection || selection(item.value)) ? [item] : [];
  return { values: found, resourceVersion: String(revision) };
}

/** One name in every namespace. */
async function listByName(call: Call, options: ListOptions, name: string): Promise<Found> {
  const suffix = `/${name}`;
  const found = await listAll(call, options, selectionOf(call.type, options));
  return { ...found, values: found.values.filter((item) => item.key.endsWith(suffix)) };
}

async function listAll(call: Call, options: ListOptions, selection: Selection | undefined): Promise<Found> {
  const page = await viewOf(call.server.store).list(keyPrefix(call.type, call.info.namespace), storeOptions(options));
  const values = selection ? page.items.filter((item) => selection(item.value)) : page.items;
  return { values, ...position(page), ...(selection ? { remaining: undefined } : {}) };
}

/** A limit counts what is selected, so pages are read until it is reached. */
async function listSelected(call: Call, options: ListOptions, selection: Selection): Promise<Found> {
  const view = viewOf(call.server.store);
  const prefix = keyPrefix(call.type, call.info.namespace);
  const values: Item[] = [];
  let next = storeOptions(options);
  for (;;) {
    const page = await view.list(prefix, { ...next, limit: options.limit - values.length });
    values.push(...page.items.filter((item) => selection(item.value)));
    // remainingItemCount is unknown with a selector. Source: API conventions, "Retrieving large results sets in chunks".
    const found = { values, ...position(page), remaining: undefined };
    if (!page.continue || values.length >= options.limit) return found;
    next = { continue: page.continue };
  }
}

function position(page: ItemList): Omit<ListAnswer, 'values'> {
  return { resourceVersion: String(page.revision), continue: page.continue, remaining: page.remaining };
}

/** resourceVersion is exact with `Exact`, and with a limit and no match (as kube-apiserver still honours for old clients). */
function storeOptions(options: ListOptions): StoreListOptions {
  const { limit, resourceVersion, match } = options;
  const exact = match === 'Exact' || (!match && limit > 0 && resourceVersion !== '0' && resourceVersion !== '');
  return {
    // At 0 kube-apiserver answers from its cache, whole.
    ...(limit && resourceVersion !== '0' ? { limit } : {}),
    ...(options.continue ? { continue: options.continue } : {}),
    ...(exact && !options.continue ? { revision: Number(resourceVersion) } : {}),
  };
}

const CONTINUE_EXPIRED =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';

function listFailure(call: Call, error: unknown, options: ListOptions): unknown {
  if (!(error instanceof StoreError) || error.reason !== 'Expired') return storeFailure(error, call.type, '');
  if (!options.continue) {
    return expired(`The resourceVersion for the provided list is too old.`);
  }
  return new ContinueExpired(error.continue);
}

/** 410 with a token in `metadata.continue` that goes on at the present. */
export class ContinueExpired extends StatusError {
  readonly continue: string | undefined;

  constructor(token: string | undefined) {
    super(410, 'Expired', CONTINUE_EXPIRED);
    this.continue = token;
  }

  override toStatus(): ReturnType<StatusError['toStatus']> {
    return { ...super.toStatus(), metadata: this.continue ? { continue: this.continue } : {} };
  }
}
