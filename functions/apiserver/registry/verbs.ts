import { watch } from '../watch/watch.ts';
import type { Call, Verb } from './call.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { deleteCollection } from './deletecollection.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import { subresourceVerb } from './subresources/index.ts';
import { update } from './update.ts';
import { createVirtual, isVirtual } from './virtual.ts';

const VERBS: Readonly<Record<string, Verb>> = {
  create,
  get,
  list,
  watch,
  update,
  patch,
  delete: remove,
  deletecollection: deleteCollection,
};

/** What serves this request; undefined: the resource has no such verb. */
export function verbOf({ info, type }: Pick<Call, 'info' | 'type'>): Verb | undefined {
  if (info.subresource) return subresourceVerb(type, info.subresource, info.verb);
  if (!type.verbs.includes(info.verb)) return undefined;
  // A create names no object, everything else but a collection's verbs does.
  if (info.verb === 'create' && info.name) return undefined;
  if (info.verb === 'create' && isVirtual(type)) return createVirtual;
  return VERBS[info.verb];
}
