/** What a request's path asks for, as far as a proxy must know. Source: k8s.io/apiserver/pkg/endpoints/request RequestInfo. */
export interface ProxyTarget {
  path: string;
  query: URLSearchParams;
  /** Plural; '' for a path that is no resource's. */
  resource: string;
  subresource: string;
  /** The old path of a watch, `/api/v1/watch/…`. */
  watchPath: boolean;
}

export function proxyTarget(url: string): ProxyTarget {
  const { pathname, searchParams } = new URL(url, 'http://apiserver');
  const segments = pathname.split('/').filter(Boolean);
  const after = segments[0] === 'api' ? 2 : segments[0] === 'apis' ? 3 : Number.POSITIVE_INFINITY;
  let parts = segments.slice(after);
  const watchPath = parts[0] === 'watch' && parts.length > 1;
  if (watchPath) parts = parts.slice(1);
  if (parts[0] === 'namespaces' && parts[2] !== undefined && parts[2] !== 'status' && parts[2] !== 'finalize')
    parts = parts.slice(2);
  const [resource = '', , subresource = ''] = parts;
  return { path: pathname, query: searchParams, resource, subresource, watchPath };
}

/** As Kubernetes reads booleans in queries: there and neither false nor 0. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

export function isWatch(method: string, { query, resource, watchPath }: ProxyTarget): boolean {
  return method === 'GET' && resource !== '' && (watchPath || isTrue(query.get('watch')));
}

export function isFollowedLog(method: string, { query, resource, subresource }: ProxyTarget): boolean {
  return method === 'GET' && resource === 'pods' && subresource === 'log' && isTrue(query.get('follow'));
}

const STREAMS = ['exec', 'attach', 'portforward'];

export function isStream({ resource, subresource }: ProxyTarget): boolean {
  return resource === 'pods' && STREAMS.includes(subresource);
}
