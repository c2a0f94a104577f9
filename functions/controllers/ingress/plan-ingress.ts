import type { Ingress, IngressBackend, IngressClass } from '../../../lib/api/types.ts';

/** The controller that an IngressClass must name for us to serve its Ingresses. */
export const CONTROLLER = 'zeroplane.dev/ingress-gateway';
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** Which Ingresses the nodes' gateways serve: those of a class of ours, by field or by the older annotation. */
export function isServed(ingress: Ingress, classOf: (name: string) => IngressClass | undefined): boolean {
  const name = ingress.spec?.ingressClassName ?? ingress.metadata?.annotations?.[CLASS_ANNOTATION];
  return name !== undefined && classOf(name)?.spec?.controller === CONTROLLER;
}

/** Names of Secrets and Services that an Ingress speaks of, each once. */
export function references({ spec }: Ingress): { secrets: string[]; services: string[] } {
  const backends = [
    spec?.defaultBackend,
    ...(spec?.rules ?? []).flatMap((rule) => (rule.http?.paths ?? []).map((path) => path.backend)),
  ];
  const secrets = (spec?.tls ?? []).flatMap(({ secretName }) => secretName ?? []);
  return { secrets: unique(secrets), services: unique(backends.flatMap(serviceName)) };
}

function serviceName(backend: IngressBackend | undefined): string[] {
  return backend?.service ? [backend.service.name] : [];
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
