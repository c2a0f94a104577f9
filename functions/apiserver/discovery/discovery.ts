import { createHash } from 'node:crypto';
import { StatusError } from '../../../lib/api/status.ts';
import { lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Server } from '../dependencies.ts';
import { matches, parseAccept } from '../negotiation/accept.ts';
import { MEDIA_TYPES, negotiate } from '../negotiation/media-types.ts';
import { encode } from '../negotiation/respond.ts';
import type { ResourceTable } from '../registry/resource-table.ts';
import { groupDiscoveryList } from './aggregated.ts';
import { type Group, groupsOf } from './groups.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy.ts';

/** The documents of one state of the resource table, each made when first asked for. */
interface Documents {
  generation: number;
  groups: Group[];
  aggregated: Map<string, { bytes: Uint8Array; etag: string }>;
}

const documents = new WeakMap<ResourceTable, Documents>();

function documentsOf(table: ResourceTable): Documents {
  let known = documents.get(table);
  if (known?.generation !== table.generation) {
    known = { generation: table.generation, groups: groupsOf(table), aggregated: new Map() };
    documents.set(table, known);
  }
  return known;
}

/** /api, /apis, /apis/GROUP, /api/v1, /apis/GROUP/VERSION; undefined: no such path. */
export async function discovery(
  server: Server,
  request: Request,
  path: string,
  query: URLSearchParams,
): Promise<Response | undefined> {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments[0] !== 'api' && segments[0] !== 'apis') return undefined;
  const known = documentsOf(server.resources);
  if (segments.length === 1) {
    const version = aggregatedVersion(request.headers);
    if (version) return aggregated(known, segments[0], version, request);
  }
  const object = legacyDocument(known.groups, segments, request);
  return object && answer(object, request, query);
}

function legacyDocument(groups: readonly Group[], segments: readonly string[], request: Request): object | undefined {
  const [root, first, second, more] = segments;
  if (root === 'api') {
    if (first === undefined) return apiVersions(request.headers.get('host') ?? '');
    return second === undefined ? resourceList(groups, '', first) : undefined;
  }
  if (first === undefined) return apiGroupList(groups);
  const group = groups.find((candidate) => candidate.name === first);
  if (second === undefined) return group && apiGroup(group);
  return more === undefined ? resourceList(groups, first, second) : undefined;
}

function resourceList(groups: readonly Group[], name: string, version: string): object {
  const group = groups.find((candidate) => candidate.name === name);
  const found = group?.versions.find((candidate) => candidate.version === version);
  if (!found) throw noSuchResource();
  return apiResourceList(found.groupVersion, found.resources);
}

/** What kube-apiserver answers below /api and /apis where there is nothing. */
export function noSuchResource(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

async function answer(object: object, request: Request, query: URLSearchParams): Promise<Response> {
  const output = negotiate(request.headers, query, false);
  const headers = { 'content-type': MEDIA_TYPES[output.format], 'cache-control': 'no-cache, private' };
  return lightResponse(200, headers, await encode(object, output));
}

type AggregatedVersion = 'v2' | 'v2beta1';

function aggregatedVersion(headers: Headers): AggregatedVersion | undefined {
  for (const clause of parseAccept(headers.get('accept') ?? '')) {
    const { as, g, v } = clause.parameters;
    if (!matches(clause, MEDIA_TYPES.json)) continue;
    if (as === undefined) return undefined;
    if (as !== 'APIGroupDiscoveryList' || g !== 'apidiscovery.k8s.io') continue;
    if (v === 'v2' || v === 'v2beta1') return v;
  }
  return undefined;
}

function aggregated(known: Documents, root: 'api' | 'apis', version: AggregatedVersion, request: Request): Response {
  const key = `${root} ${version}`;
  let document = known.aggregated.get(key);
  if (!document) {
    const groups = known.groups.filter(({ name }) => (name === '') === (root === 'api'));
    const bytes = Buffer.from(`${JSON.stringify(groupDiscoveryList(groups, version))}\n`);
    const etag = `"${createHash('sha512').update(bytes).digest('hex').toUpperCase()}"`;
    document = { bytes, etag };
    known.aggregated.set(key, document);
  }
  const headers = {
    'content-type': `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    'cache-control': 'public',
    etag: document.etag,
    vary: 'Accept',
  };
  if (request.headers.get('if-none-match') === document.etag) return lightResponse(304, headers);
  return lightResponse(200, headers, document.bytes);
}
