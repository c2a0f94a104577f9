import type { Ingress, IngressBackend } from '../../../lib/api/types.ts';

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
