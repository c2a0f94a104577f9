import type { KubeObject } from '../api/object.ts';
import { apiVersion } from '../api/resources.ts';
import { StatusError } from '../api/status.ts';
import type { Status } from '../api/types.ts';
import { chunksOf, type LightRequestInit, lightRequest } from '../runtime/light-response.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ObjectList,
  Patch,
  Transport,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import { jsonLines } from './json-lines.ts';
import { listParameters, query, resourcePath } from './path.ts';
import type { ResourceType } from './resource-type.ts';

export interface ClientOptions {
  /** `https://192.168.17.1:6443`; in process any origin will do. */
  baseUrl?: string;
  /** What audit and managedFields know this client by. */
  userAgent: string;
}

const IN_PROCESS_URL = 'http://apiserver.internal';

/** The metadata-only answer. Source: API conventions, "Receiving resources as Tables" and the metadata client of client-go. */
const PARTIAL_OBJECT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const PATCH_TYPES: Record<Patch['type'], string> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
  apply: 'application/apply-patch+yaml',
};

export function createClient(transport: Transport, options: ClientOptions): Client {
  const send = sender(transport, options);
  return {
    get: (type, ref) =>
      send('GET', resourcePath(type, ref.namespace, ref.name), { accept: type.partial ? PARTIAL_OBJECT : undefined }),
    list: (type, listOptions = {}) => list(send, type, listOptions),
    watch: (type, watchOptions) => watch(transport, options, type, watchOptions),
    create: (type, object, write) =>
      send('POST', resourcePath(type, namespaceOf(object)) + query(writeParameters(write)), {
        body: withType(type, object),
      }),
    update: (type, object, write) => {
      const { namespace, name } = (object as KubeObject).metadata ?? {};
      const path = resourcePath(type, namespace, name, write?.subresource);
      return send('PUT', path + query(writeParameters(write)), { body: withType(type, object) });
    },
    patch: (type, ref, patch, write) => {
      const path = resourcePath(type, ref.namespace, ref.name, write?.subresource);
      const force = patch.type === 'apply' && patch.force ? 'true' : undefined;
      const parameters = { ...writeParameters(write), force };
      return send('PATCH', path + query(parameters), { body: patch.body, contentType: PATCH_TYPES[patch.type] });
    },
    delete: (type, ref, deletion = {}) =>
      send('DELETE', resourcePath(type, ref.namespace, ref.name), { body: deleteBody(deletion) }),
    deleteCollection: (type, both = {}) =>
      send('DELETE', resourcePath(type, both.namespace) + query(listParameters(both)), { body: deleteBody(both) }),
    createSubresource: (type, ref, subresource, body) =>
      send('POST', resourcePath(type, ref.namespace, ref.name, subresource), { body }),
    getPath: (path, accept) => send('GET', path, { accept }),
  };
}

interface Message {
  body?: object | undefined;
  contentType?: string | undefined;
  accept?: string | undefined;
}

type Send = (method: string, path: string, message: Message) => Promise<any>;

function sender(transport: Transport, options: ClientOptions): Send {
  return async (method, path, message) => {
    const response = await transport(buildRequest(options, method, path, message));
    const text = await response.text();
    if (!response.ok) throw failure(response.status, text);
    return text ? JSON.parse(text) : undefined;
  };
}

function buildRequest(
  options: ClientOptions,
  method: string,
  path: string,
  message: Message,
  signal?: AbortSignal,
): Request {
  const headers: Record<string, string> = {
    accept: message.accept ?? 'application/json',
    'user-agent': options.userAgent,
  };
  const init: LightRequestInit = { method, url: (options.baseUrl ?? IN_PROCESS_URL) + path, headers };
  if (message.body) {
    headers['content-type'] = message.contentType ?? 'application/json';
    init.content = Buffer.from(JSON.stringify(message.body));
  }
  if (signal) init.signal = signal;
  return lightRequest(init);
}

/** A refusal is a Status, unless something between the apiserver and us answered. */
function failure(code: number, text: string): StatusError {
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === 'Status') return StatusError.from({ code, ...status });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return new StatusError(code, code === 503 ? 'ServiceUnavailable' : '', text.slice(0, 500) || `HTTP ${code}`);
}

async function list<T>(send: Send, type: ResourceType<T>, options: ListOptions): Promise<ObjectList<T>> {
  const path = resourcePath(type, options.namespace) + query(listParameters(options));
  const answer = await send('GET', path, { accept: type.partial ? PARTIAL_LIST : undefined });
  const page: ObjectList<T> = { items: answer.items ?? [], resourceVersion: answer.metadata?.resourceVersion ?? '' };
  if (answer.metadata?.continue) page.continue = answer.metadata.continue;
  return page;
}

async function* watch<T>(
  transport: Transport,
  client: ClientOptions,
  type: ResourceType<T>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void, void> {
  const parameters = {
    ...listParameters(options),
    watch: 'true',
    allowWatchBookmarks: options.allowBookmarks,
    timeoutSeconds: options.timeoutSeconds,
  };
  const path = resourcePath(type, options.namespace) + query(parameters);
  const accept = type.partial ? PARTIAL_OBJECT : undefined;
  const request = buildRequest(client, 'GET', path, { accept }, options.signal);
  try {
    const response = await transport(request);
    if (!response.ok) throw failure(response.status, await response.text());
    for await (const line of jsonLines(chunksOf(response))) yield watchEvent(line);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

function watchEvent<T>(line: any): WatchEvent<T> {
  if (line.type === 'ERROR') throw StatusError.from(line.object);
  if (line.type === 'BOOKMARK') return { type: 'BOOKMARK', resourceVersion: line.object.metadata.resourceVersion };
  return line;
}

function withType(type: ResourceType<any>, object: any): KubeObject {
  if (object.apiVersion && object.kind) return object;
  return { apiVersion: apiVersion(type), kind: type.kind, ...object };
}

function namespaceOf(object: any): string | undefined {
  return object.metadata?.namespace;
}

function writeParameters(options: WriteOptions | undefined): Record<string, string | undefined> {
  return { dryRun: options?.dryRun ? 'All' : undefined, fieldManager: options?.fieldManager };
}

function deleteBody(options: DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, uid, resourceVersion, dryRun } = options;
  const preconditions = uid || resourceVersion ? { uid, resourceVersion } : undefined;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds,
    propagationPolicy,
    preconditions,
    dryRun: dryRun ? ['All'] : undefined,
  };
}
