import type { Stored } from '../../lib/api/object.ts';
import type { Ingress, IngressSpec } from '../../lib/api/types.ts';
import { stored } from './objects.ts';

export interface IngressOptions {
  name?: string;
  annotations?: Record<string, string>;
  created?: string;
  spec: Partial<IngressSpec>;
}

export function ingress({ name = 'web', annotations, created, spec }: IngressOptions): Stored<Ingress> {
  const metadata = stored(name, 'default', undefined, {
    ...(annotations && { annotations }),
    ...(created && { creationTimestamp: created }),
  });
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata, spec: spec as IngressSpec };
}

/** `rule('shop.example', '/cart Prefix cart')`: host, then path, type and Service of each path. */
export function rule(host: string | undefined, ...paths: string[]): NonNullable<IngressSpec['rules']>[number] {
  return {
    ...(host !== undefined && { host }),
    http: {
      paths: paths.map((text) => {
        const [path = '/', pathType = 'Prefix', name = ''] = text.split(' ');
        return { path, pathType, backend: { service: { name, port: { number: 80 } } } };
      }),
    },
  };
}
