import { ageOf, condition, NONE, type Row, UNKNOWN } from './row.ts';

const ROLE_PREFIX = 'node-role.kubernetes.io/';

export const nodeRow: Row = (node) => {
  const info = node.status?.nodeInfo ?? {};
  const architecture = info.architecture ? ` (${info.architecture})` : '';
  return [
    node.metadata.name,
    statusOf(node),
    rolesOf(node),
    ageOf(node),
    info.kubeletVersion ?? '',
    address(node, 'InternalIP'),
    address(node, 'ExternalIP'),
    info.osImage || UNKNOWN,
    (info.kernelVersion || UNKNOWN) + architecture,
    info.containerRuntimeVersion || UNKNOWN,
  ];
};

function statusOf(node: any): string {
  const ready = condition(node, 'Ready');
  const status = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${status},SchedulingDisabled` : status;
}

function rolesOf(node: any): string {
  const roles = Object.entries<string>(node.metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_PREFIX)) return key.slice(ROLE_PREFIX.length) || [];
    return key === 'kubernetes.io/role' && value ? value : [];
  });
  return [...new Set(roles)].sort().join(',') || NONE;
}

function address(node: any, type: string): string {
  return (node.status?.addresses ?? []).find((a: any) => a.type === type)?.address ?? NONE;
}
