import { eventRow } from './events.ts';
import { nodeRow } from './nodes.ts';
import { podRow } from './pods.ts';
import { ageOf, containerCells, firstOf, labelsText, NONE, name, nameAndAge, type Rows, replicaCells } from './row.ts';
import { serviceRow } from './services.ts';
import { persistentVolumeClaimRow, persistentVolumeRow } from './volumes.ts';

const ENDPOINTS_SHOWN = 3;

export const coreRows: Rows = {
  '/pods': podRow,
  '/services': serviceRow,
  '/nodes': nodeRow,
  '/events': eventRow,
  '/persistentvolumes': persistentVolumeRow,
  '/persistentvolumeclaims': persistentVolumeClaimRow,
  '/serviceaccounts': nameAndAge,
  '/namespaces': (o) => [name(o), o.status?.phase ?? '', ageOf(o)],
  '/secrets': (o) => [name(o), o.type ?? '', size(o.data), ageOf(o)],
  '/configmaps': (o) => [name(o), size(o.data) + size(o.binaryData), ageOf(o)],
  '/endpoints': (o) => [name(o), firstOf(endpointsOf(o), ENDPOINTS_SHOWN, NONE), ageOf(o)],
  '/podtemplates': (o) => [name(o), ...containerCells(o.template?.spec), labelsText(o.template?.metadata?.labels)],
  '/replicationcontrollers': (o) => [...replicaCells(o), labelsText(o.spec?.selector)],
  '/resourcequotas': (o) => [name(o), quotaText(o, false), quotaText(o, true), ageOf(o)],
  '/componentstatuses': (o) => {
    const healthy = (o.conditions ?? []).find((c: any) => c.type === 'Healthy');
    const status = healthy ? (healthy.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown';
    return [name(o), status, healthy?.message ?? '', healthy?.error ?? ''];
  },
};

function size(map: object | undefined | null): number {
  return Object.keys(map ?? {}).length;
}

/** Every address with every port; a subset without ports shows its addresses. */
function endpointsOf(endpoints: any): string[] {
  return (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }: any) =>
    ports.length === 0
      ? addresses.map((a: any) => a.ip)
      : ports.flatMap((port: any) => addresses.map((a: any) => hostPort(a.ip, port.port))),
  );
}

function hostPort(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** `pods: 1/5, requests.memory: 0/1Gi`; limits have a column of their own. */
function quotaText(quota: any, limits: boolean): string {
  const { hard = {}, used = {} } = quota.status ?? {};
  return Object.keys(hard)
    .sort()
    .filter((resource) => resource.startsWith('limits.') === limits)
    .map((resource) => `${resource}: ${used[resource] ?? '0'}/${hard[resource]}`)
    .join(', ');
}
