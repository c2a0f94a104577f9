import type { Stored } from '../../lib/api/object.ts';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule } from '../../lib/api/types.ts';
import { type IngressOptions, optionsOf } from './annotations.ts';
import { findPath, type PathRule, sortPaths } from './paths.ts';
import { parseRewrite, type Rewrite } from './rewrite.ts';

/** Where a request goes. `T` is what a backend was resolved to. */
export interface Target<T> {
  upstream: T;
  options: IngressOptions;
  rewrite: Rewrite | undefined;
}

export interface Host<T> {
  paths: readonly PathRule<Target<T>>[];
  /** What the Ingress of the host does with paths that no rule has. */
  fallback: Target<T> | undefined;
  tls: boolean;
}

/** All rules of all Ingresses, as a request is looked up in them. Never changed: a new one takes its place. */
export interface Table<T> {
  /** `shop.example`, `*.example`, and '' for rules without a host. */
  hosts: ReadonlyMap<string, Host<T>>;
  fallback: Target<T> | undefined;
}

type Resolve<T> = (namespace: string, backend: IngressBackend, options: IngressOptions) => T | undefined;

interface Draft<T> {
  paths: PathRule<Target<T>>[];
  fallback: Target<T> | undefined;
  tls: boolean;
}

/**
 * Of two Ingresses that claim the same host and path the elder has it. What no rule has goes to a default backend: one of an Ingress
 * without rules before those of others ("If none of the hosts or paths match", the documentation of Ingress).
 */
export function buildTable<T>(ingresses: readonly Stored<Ingress>[], resolve: Resolve<T>): Table<T> {
  const hosts = new Map<string, Draft<T>>();
  let fallback: Target<T> | undefined;
  let lastResort: Target<T> | undefined;
  for (const ingress of [...ingresses].sort(byAge)) {
    const options = optionsOf(ingress);
    const target = (backend: IngressBackend | undefined, rewrite?: Rewrite): Target<T> | undefined => {
      const upstream = backend && resolve(ingress.metadata.namespace ?? '', backend, options);
      return upstream && { upstream, options, rewrite };
    };
    const { rules = [], tls = [], defaultBackend } = ingress.spec ?? {};
    const own = target(defaultBackend);
    if (rules.length === 0) fallback ??= own;
    else lastResort ??= own;
    const secured = tls.flatMap((entry) => entry.hosts ?? []);
    for (const rule of rules) {
      const draft = draftOf(hosts, rule);
      draft.fallback ??= own;
      draft.tls ||= tls.some((entry) => !entry.hosts?.length) || secured.some((host) => covers(host, rule.host ?? ''));
      for (const path of rule.http?.paths ?? []) addPath(draft, path, options, target);
    }
  }
  return {
    hosts: new Map([...hosts].map(([name, host]) => [name, { ...host, paths: sortPaths(host.paths) }])),
    fallback: fallback ?? lastResort,
  };
}

function draftOf<T>(hosts: Map<string, Draft<T>>, { host = '' }: IngressRule): Draft<T> {
  const name = host.toLowerCase();
  const draft = hosts.get(name) ?? { paths: [], fallback: undefined, tls: false };
  hosts.set(name, draft);
  return draft;
}

function addPath<T>(
  draft: Draft<T>,
  { path: written = '', pathType, backend }: HTTPIngressPath,
  { rewriteTarget }: IngressOptions,
  target: (backend: IngressBackend, rewrite?: Rewrite) => Target<T> | undefined,
): void {
  const exact = pathType === 'Exact';
  const { path, rewrite } = parseRewrite(written || '/', rewriteTarget);
  if (draft.paths.some((rule) => rule.path === path && rule.exact === exact)) return;
  const to = target(backend, rewrite);
  if (to) draft.paths.push({ path, exact, target: to });
}

export interface Found<T> {
  target: Target<T> | undefined;
  tls: boolean;
}

/** A host's own rules, then those of its wildcard, then those without a host; the first that there are count alone. */
export function lookUp<T>(table: Table<T>, hostname: string, path: string): Found<T> {
  const host = table.hosts.get(hostname) ?? table.hosts.get(wildcardOf(hostname)) ?? table.hosts.get('');
  if (!host) return { target: table.fallback, tls: false };
  return { target: findPath(host.paths, path) ?? host.fallback ?? table.fallback, tls: host.tls };
}

/** `*.example` stands for one label: `shop.example`, not `a.shop.example`. */
export function wildcardOf(hostname: string): string {
  const dot = hostname.indexOf('.');
  return dot > 0 ? `*${hostname.slice(dot)}` : '*';
}

/** Whether a certificate's or TLS entry's host is that of a rule. */
function covers(pattern: string, host: string): boolean {
  return pattern === host || pattern === wildcardOf(host);
}

function byAge(a: Stored<Ingress>, b: Stored<Ingress>): number {
  const [x, y] = [a.metadata, b.metadata];
  const text = ({ creationTimestamp, namespace, name }: typeof x) => `${creationTimestamp} ${namespace}/${name}`;
  return text(x) < text(y) ? -1 : 1;
}
