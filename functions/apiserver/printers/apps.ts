import { formatLabelSelector, fromLabelSelector } from '../../../lib/api/selectors.ts';
import { ageOf, containerCells, labelsText, NONE, name, type Rows, replicaCells } from './row.ts';

export const appsRows: Rows = {
  'apps/deployments': (o) => [
    name(o),
    `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`,
    o.status?.updatedReplicas ?? 0,
    o.status?.availableReplicas ?? 0,
    ageOf(o),
    ...containerCells(o.spec?.template?.spec),
    fromLabelSelector(o.spec?.selector).toString(),
  ],
  'apps/replicasets': (o) => [...replicaCells(o), formatLabelSelector(o.spec?.selector)],
  'apps/statefulsets': (o) => [
    name(o),
    `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`,
    ageOf(o),
    ...containerCells(o.spec?.template?.spec),
  ],
  'apps/daemonsets': (o) => [
    name(o),
    o.status?.desiredNumberScheduled ?? 0,
    o.status?.currentNumberScheduled ?? 0,
    o.status?.numberReady ?? 0,
    o.status?.updatedNumberScheduled ?? 0,
    o.status?.numberAvailable ?? 0,
    labelsText(o.spec?.template?.spec?.nodeSelector),
    ageOf(o),
    ...containerCells(o.spec?.template?.spec),
    formatLabelSelector(o.spec?.selector),
  ],
  'apps/controllerrevisions': (o) => [name(o), controllerOf(o), o.revision ?? 0, ageOf(o)],
};

/** `statefulset.apps/web` */
function controllerOf(object: any): string {
  const owner = (object.metadata?.ownerReferences ?? []).find((reference: any) => reference.controller);
  if (!owner) return NONE;
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return `${`${owner.kind}${group}`.toLowerCase()}/${owner.name}`;
}
