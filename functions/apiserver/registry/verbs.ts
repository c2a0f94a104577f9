import type { RequestInfo } from '../contract.ts';
import { noSuchResource } from '../discovery/discovery.ts';
import { methodNotAllowed } from '../method-not-allowed.ts';
import { resourceMetrics } from '../resource-metrics/resource-metrics.ts';
import { METRICS_GROUP } from '../resource-metrics/rows.ts';
import { watch } from '../watch/watch.ts';
import type { Call, Verb } from './call.ts';
import { componentStatuses } from './component-statuses.ts';
import { create } from './create.ts';
import { remove } from './delete.ts';
import { deleteCollection } from './deletecollection.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import type { ResourceType } from './resource-table.ts';
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

/** Verbs of one object. */
const NAMED = new Set(['get', 'update', 'patch', 'delete']);
/** Verbs of a collection that a namespaced resource has in a namespace only. */
const IN_NAMESPACE = new Set(['create', 'deletecollection']);

/** What serves this request; throws what kube-apiserver answers where no route is. */
export function verbOf({ info, type, request }: Pick<Call, 'info' | 'type' | 'request'>): Verb {
  const isNamed = NAMED.has(info.verb);
  if (type.namespaced && !info.namespace && isNamed && info.name) throw noSuchResource();
  const verb = info.subresource ? subresourceVerb(type, info.subresource, info.verb) : mainVerb(info, type);
  const misplaced = (isNamed && !info.name) || (type.namespaced && !info.namespace && IN_NAMESPACE.has(info.verb));
  if (!verb || misplaced || request.method === 'HEAD') throw methodNotAllowed();
  return verb;
}

function mainVerb(info: RequestInfo, type: ResourceType): Verb | undefined {
  if (!type.verbs.includes(info.verb)) return undefined;
  if (info.group === '' && info.resource === 'componentstatuses') return componentStatuses[info.verb];
  if (info.group === METRICS_GROUP) return resourceMetrics[info.verb];
  if (info.verb !== 'create') return VERBS[info.verb];
  if (info.name) return undefined;
  return isVirtual(type) ? createVirtual : create;
}
