import { createSecureContext, type SecureContext } from 'node:tls';
import type { Stored } from '../../lib/api/object.ts';
import type { Ingress, Secret } from '../../lib/api/types.ts';
import type { Log } from '../context.ts';
import { wildcardOf } from './table.ts';

/** Which certificate is shown for which host (SNI, RFC 6066 §3). */
export interface Certificates {
  find(servername: string): SecureContext | undefined;
}

interface Made {
  resourceVersion: string;
  context: SecureContext | undefined;
}

/** Makes contexts of Secrets, each once as long as the Secret is the same: connections that are there keep theirs. */
export function certificateStore(
  log: Log,
): (ingresses: readonly Stored<Ingress>[], secretOf: (key: string) => Stored<Secret> | undefined) => Certificates {
  const made = new Map<string, Made>();
  const contextOf = (key: string, secret: Stored<Secret>) => {
    const { resourceVersion } = secret.metadata;
    const known = made.get(key);
    if (known?.resourceVersion === resourceVersion) return known.context;
    const context = makeContext(key, secret, log);
    made.set(key, { resourceVersion, context });
    return context;
  };
  return (ingresses, secretOf) => {
    const byHost = new Map<string, SecureContext>();
    const used = new Set<string>();
    for (const { key, host } of entries(ingresses)) {
      const secret = secretOf(key);
      if (!secret) continue;
      used.add(key);
      const context = contextOf(key, secret);
      if (context && !byHost.has(host)) byHost.set(host, context);
    }
    for (const key of made.keys()) if (!used.has(key)) made.delete(key);
    return { find: (name) => byHost.get(name) ?? byHost.get(wildcardOf(name)) ?? byHost.get('') };
  };
}

/** A TLS entry without hosts stands for the hosts of its Ingress' rules, or for all. */
function entries(ingresses: readonly Stored<Ingress>[]): { key: string; host: string }[] {
  return ingresses.flatMap(({ metadata, spec }) =>
    (spec?.tls ?? []).flatMap(({ hosts = [], secretName }) => {
      if (!secretName) return [];
      const ruled = (spec?.rules ?? []).map((rule) => rule.host ?? '');
      const named = hosts.length > 0 ? hosts : ruled.length > 0 ? ruled : [''];
      return named.map((host) => ({ key: `${metadata.namespace}/${secretName}`, host: host.toLowerCase() }));
    }),
  );
}

function makeContext(key: string, { data = {} }: Secret, log: Log): SecureContext | undefined {
  const pem = (name: string) => Buffer.from(data[name] ?? '', 'base64');
  try {
    return createSecureContext({ cert: pem('tls.crt'), key: pem('tls.key'), minVersion: 'TLSv1.2' });
  } catch (error) {
    log('a Secret holds no certificate with its key', { secret: key, why: (error as Error).message });
    return undefined;
  }
}
