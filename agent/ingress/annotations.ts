import type { Ingress } from '../../lib/api/types.ts';

/** Ours first, then the one that most Ingresses in the world were written for. */
const PREFIXES = ['ingress.zeroplane.dev/', 'nginx.ingress.kubernetes.io/'];

export type BackendProtocol = 'http' | 'https' | 'h2c' | 'h2';

/** What an Ingress says beyond its rules. */
export interface IngressOptions {
  /** Undefined: where there is TLS for the host. */
  redirectToHttps: boolean | undefined;
  protocol: BackendProtocol | undefined;
  rewriteTarget: string | undefined;
  redirect: { code: number; location: string } | undefined;
  readTimeoutMs: number;
  maxBodyBytes: number;
}

/** nginx' own. */
const READ_TIMEOUT_MS = 60_000;

export function optionsOf({ metadata }: Ingress): IngressOptions {
  const all = metadata?.annotations ?? {};
  const say = (name: string) => PREFIXES.map((prefix) => all[prefix + name]).find((value) => value !== undefined);
  const seconds = Number(say('proxy-read-timeout') ?? Number.NaN);
  return {
    redirectToHttps: isTrue(say('force-ssl-redirect')) ? true : say('ssl-redirect') === 'false' ? false : undefined,
    protocol: protocolOf(say('backend-protocol')),
    rewriteTarget: say('rewrite-target'),
    redirect: redirectOf(say('permanent-redirect'), say('permanent-redirect-code'), say('temporal-redirect')),
    readTimeoutMs: seconds > 0 ? seconds * 1_000 : READ_TIMEOUT_MS,
    maxBodyBytes: bytesOf(say('proxy-body-size')),
  };
}

function isTrue(value: string | undefined): boolean {
  return value === 'true';
}

function protocolOf(value: string | undefined): BackendProtocol | undefined {
  const names: Record<string, BackendProtocol> = { HTTP: 'http', HTTPS: 'https', GRPC: 'h2c', GRPCS: 'h2', H2C: 'h2c' };
  return value === undefined ? undefined : names[value.toUpperCase()];
}

function redirectOf(permanent: string | undefined, code: string | undefined, temporal: string | undefined) {
  if (temporal) return { code: 302, location: temporal };
  if (!permanent) return undefined;
  const asked = Number(code);
  return { code: asked >= 300 && asked < 400 ? asked : 301, location: permanent };
}

/** `8m`; 0 and absent mean without limit. */
function bytesOf(text: string | undefined): number {
  const [, amount, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text ?? '') ?? [];
  const factor = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()] ?? 1;
  return Number(amount ?? 0) * factor || Number.POSITIVE_INFINITY;
}
