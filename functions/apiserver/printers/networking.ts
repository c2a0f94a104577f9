import { formatLabelSelector } from '../../../lib/api/selectors.ts';
import { ageOf, firstOf, NONE, name, type Rows, UNSET } from './row.ts';
import { loadBalancerText } from './services.ts';

const SHOWN = 3;
const DEFAULT_CLASS = 'ingressclass.kubernetes.io/is-default-class';

export const networkingRows: Rows = {
  'networking.k8s.io/ingresses': (o) => [
    name(o),
    o.spec?.ingressClassName ?? NONE,
    hosts(o.spec?.rules ?? []),
    loadBalancerText(o.status?.loadBalancer),
    (o.spec?.tls ?? []).length > 0 ? '80, 443' : '80',
    ageOf(o),
  ],
  'networking.k8s.io/ingressclasses': (o) => [
    o.metadata.annotations?.[DEFAULT_CLASS] === 'true' ? `${name(o)} (default)` : name(o),
    o.spec?.controller ?? '',
    parameters(o.spec?.parameters),
    ageOf(o),
  ],
  'networking.k8s.io/networkpolicies': (o) => [name(o), formatLabelSelector(o.spec?.podSelector ?? {}), ageOf(o)],
  'networking.k8s.io/servicecidrs': (o) => [name(o), (o.spec?.cidrs ?? []).join(','), ageOf(o)],
  'networking.k8s.io/ipaddresses': (o) => [name(o), parent(o.spec?.parentRef), ageOf(o)],
  'discovery.k8s.io/endpointslices': (o) => [
    name(o),
    o.addressType ?? '',
    firstOf(
      (o.ports ?? []).map((p: any) => String(p.port ?? p.name ?? '*')),
      SHOWN,
      UNSET,
    ),
    firstOf(
      (o.endpoints ?? []).flatMap((e: any) => e.addresses ?? []),
      SHOWN,
      UNSET,
    ),
    ageOf(o),
  ],
};

/** How many rules are beyond the shown ones, whether they name a host or not. */
function hosts(rules: any[]): string {
  const named: string[] = [];
  let more = false;
  for (const rule of rules) {
    more ||= named.length === SHOWN;
    if (!more && rule.host) named.push(rule.host);
  }
  if (named.length === 0) return '*';
  return more ? `${named.join(',')} + ${rules.length - SHOWN} more...` : named.join(',');
}

function parameters(reference: any): string {
  if (!reference) return NONE;
  const group = reference.apiGroup === undefined ? '' : `.${reference.apiGroup}`;
  return `${reference.kind}${group}/${reference.name}`;
}

function parent(reference: any): string {
  if (!reference) return NONE;
  const resource = reference.group ? `${reference.resource}.${reference.group}` : reference.resource;
  const namespace = reference.namespace ? `/${reference.namespace}` : '';
  return `${resource.toLowerCase()}${namespace}/${reference.name}`;
}
