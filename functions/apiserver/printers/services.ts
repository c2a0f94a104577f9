import { ageOf, labelsText, NONE, type Row, UNKNOWN } from './row.ts';

export const serviceRow: Row = (service) => {
  const { spec = {} } = service;
  return [
    service.metadata.name,
    spec.type ?? '',
    spec.clusterIPs?.[0] ?? NONE,
    externalIP(service),
    (spec.ports ?? []).map(portText).join(',') || NONE,
    ageOf(service),
    labelsText(spec.selector),
  ];
};

function portText(port: any): string {
  const published = port.nodePort > 0 ? `${port.port}:${port.nodePort}` : `${port.port}`;
  return `${published}/${port.protocol}`;
}

function externalIP(service: any): string {
  const externalIPs: string[] = service.spec?.externalIPs ?? [];
  switch (service.spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return externalIPs.join(',') || NONE;
    case 'LoadBalancer':
      return [loadBalancerText(service.status?.loadBalancer), ...externalIPs].filter(Boolean).join(',') || '<pending>';
    case 'ExternalName':
      return service.spec.externalName ?? '';
  }
  return UNKNOWN;
}

/** Addresses, or names, of a load balancer. */
export function loadBalancerText(status: any): string {
  const ingress: any[] = status?.ingress ?? [];
  return [...new Set(ingress.map((i) => i.ip || i.hostname).filter(Boolean))].sort().join(',');
}
