import type { RequestInfo } from './contract.ts';

/** A request's target, parsed once. */
export interface Target {
  path: string;
  query: URLSearchParams;
}

const EMPTY_QUERY = new URLSearchParams();

export function targetOf(url: string): Target {
  const scheme = url.indexOf('://');
  const start = scheme < 0 ? 0 : url.indexOf('/', scheme + 3);
  if (start < 0) return { path: '/', query: EMPTY_QUERY };
  const hash = url.indexOf('#', start);
  const end = hash < 0 ? url.length : hash;
  const mark = url.indexOf('?', start);
  if (mark < 0 || mark > end) return { path: decode(url.slice(start, end)), query: EMPTY_QUERY };
  return { path: decode(url.slice(start, mark)), query: new URLSearchParams(url.slice(mark + 1, end)) };
}

function decode(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}

const METHOD_VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Subresources of a namespace itself; any other third segment is a resource inside it. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Source: k8s.io/apiserver/pkg/endpoints/request/requestinfo.go. */
export function requestInfo(method: string, { path, query }: Target): RequestInfo {
  const segments = path.split('/').filter((segment) => segment !== '');
  const prefix = segments[0];
  const resourceAt = prefix === 'api' ? 2 : prefix === 'apis' ? 3 : Number.POSITIVE_INFINITY;
  if (segments.length <= resourceAt) return nonResource(method, path);
  const info: RequestInfo = {
    path,
    verb: METHOD_VERBS[method] ?? '',
    isResource: true,
    group: prefix === 'api' ? '' : segments[1]!,
    version: segments[resourceAt - 1]!,
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    rest: '',
  };
  fill(info, segments.slice(resourceAt));
  refine(info, query);
  return info;
}

function nonResource(method: string, path: string): RequestInfo {
  return {
    path,
    verb: method.toLowerCase(),
    isResource: false,
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
    rest: '',
  };
}

function fill(info: RequestInfo, segments: string[]): void {
  let parts = segments;
  // The deprecated /watch/ prefix names the verb in the path.
  const watch = parts[0] === 'watch' && parts.length > 1;
  if (watch) {
    info.verb = 'watch';
    parts = parts.slice(1);
  }
  if (parts[0] === 'namespaces' && parts[1] !== undefined) {
    info.namespace = parts[1];
    if (parts[2] !== undefined && !NAMESPACE_SUBRESOURCES.has(parts[2])) parts = parts.slice(2);
  }
  info.resource = parts[0]!;
  info.name = parts[1] ?? '';
  if (watch) return;
  info.subresource = parts[2] ?? '';
  // What follows is passed on as written, with a trailing slash if there was one.
  if (parts.length > 3) info.rest = parts.slice(3).join('/') + (info.path.endsWith('/') ? '/' : '');
}

const NAME_SELECTOR = /(?:^|,)metadata\.name==?([^,]+)(?:,|$)/;

function refine(info: RequestInfo, query: URLSearchParams): void {
  if (info.name) return;
  if (info.verb === 'get') info.verb = isTrue(query.get('watch')) ? 'watch' : 'list';
  else if (info.verb === 'delete') info.verb = 'deletecollection';
  if (info.verb === 'create') return;
  const name = NAME_SELECTOR.exec(query.get('fieldSelector') ?? '')?.[1];
  if (name && (info.verb === 'list' || info.verb === 'watch')) info.name = name;
}

/** Query booleans as runtime.Convert_Slice_string_To_bool reads them: present counts unless it says false or 0. */
export function isTrue(value: string | null): boolean {
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}
