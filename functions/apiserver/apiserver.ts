import { StatusError, unauthorized } from '../../lib/api/status.ts';
import { inRequest } from '../../lib/storage/view.ts';
import { impersonate } from './authentication/impersonation.ts';
import { forbiddenError } from './authorization/forbidden.ts';
import { authorizeStream } from './authorization/stream.ts';
import type { Apiserver, Connection, RequestInfo, UserInfo } from './contract.ts';
import { refreshCustomResources } from './custom/custom-resources.ts';
import type { Dependencies, Server } from './dependencies.ts';
import { discovery, noSuchResource } from './discovery/discovery.ts';
import { nonResource } from './discovery/non-resource.ts';
import { failureOf } from './failure.ts';
import { createMetrics } from './metrics.ts';
import { negotiate, type Output } from './negotiation/media-types.ts';
import { respond, respondError } from './negotiation/respond.ts';
import { connectTarget, isConnect, proxy } from './proxy/proxy.ts';
import { type Call, isResponse } from './registry/call.ts';
import { warnDeprecated } from './registry/deprecations.ts';
import { ResourceTable, type ResourceType } from './registry/resource-table.ts';
import { verbOf } from './registry/verbs.ts';
import { isVirtual } from './registry/virtual.ts';
import { requestInfo, type Target, targetOf } from './request-info.ts';
import { METRICS_GROUP, metricsRows } from './resource-metrics/rows.ts';

/** A request on its way: who asks for what. */
export interface Admitted {
  info: RequestInfo;
  target: Target;
  user: UserInfo;
}

const JSON_OUTPUT: Output = { format: 'json', transform: undefined, pretty: false };

export function createApiserver(dependencies: Dependencies): Apiserver {
  const resources = new ResourceTable(dependencies.kinds);
  // Without a way to the nodes nothing is known of what they use.
  if (dependencies.backend) for (const row of metricsRows) resources.add(row);
  const server: Server = { ...dependencies, resources, metrics: createMetrics(dependencies.clock) };
  return {
    fetch: (request, connection = {}) => inRequest(server.store, () => handle(server, request, connection)),
    connect: (request, connection = {}) => inRequest(server.store, () => connect(server, request, connection)),
  };
}

/** request → who (authentication) → may they (authorization) → what (registry, discovery, proxy). */
async function handle(server: Server, request: Request, connection: Connection): Promise<Response> {
  const target = targetOf(request.url);
  const info = requestInfo(request.method, target);
  const done = server.metrics.begin(info);
  let response: Response;
  try {
    const user = await admit(server, request, connection, info, target);
    response = await serve(server, request, connection, { info, target, user });
  } catch (error) {
    response = await respondError(failureOf(server, error, request), outputOf(request, target));
  }
  done(response.status);
  return response;
}

function outputOf(request: Request, { query }: Target): Output {
  try {
    return negotiate(request.headers, query, false);
  } catch (error) {
    if (error instanceof StatusError) return JSON_OUTPUT;
    throw error;
  }
}

async function admit(
  server: Server,
  request: Request,
  connection: Connection,
  info: RequestInfo,
  { query }: Target,
): Promise<UserInfo> {
  const asker = connection.user ?? (await server.authenticate(request, connection));
  if (!asker) throw unauthorized();
  const asked = { ...info, user: asker, fieldSelector: query.get('fieldSelector') ?? undefined };
  const user = connection.user ?? (await impersonate(request.headers, asked, server.authorize));
  const attributes = { ...asked, user };
  const decision = await server.authorize(attributes);
  if (!decision.allowed) throw forbiddenError(attributes, decision.reason);
  return user;
}

async function serve(server: Server, request: Request, connection: Connection, admitted: Admitted): Promise<Response> {
  const { info, target } = admitted;
  if (mayBeCustom(server, info)) await refreshCustomResources(server);
  if (!info.isResource) {
    const found =
      (await discovery(server, request, target.path, target.query)) ?? (await nonResource(server, request, target));
    return found;
  }
  const type = server.resources.lookup(info.group, info.version, info.resource);
  if (!type || (info.subresource && !type.subresources.has(info.subresource))) throw noSuchResource();
  const partial = { server, request, connection, info, query: target.query, user: admitted.user, type };
  if (isConnect(info)) return proxy({ ...partial, output: JSON_OUTPUT, warnings: [] });
  const verb = verbOf(partial);
  const lacking = { protobuf: !hasProtobuf(type), table: isVirtual(type) };
  const output = negotiate(request.headers, target.query, info.verb === 'watch', lacking);
  const call: Call = { ...partial, output, warnings: [] };
  warnDeprecated(call);
  try {
    const answer = await verb(call);
    return isResponse(answer) ? answer : await respond(call, answer);
  } catch (error) {
    return await respondError(failureOf(server, error, request), output, call.warnings);
  }
}

/** Messages are known of what is built in; whoever asks for protobuf of others gets JSON. */
function hasProtobuf({ custom, group }: ResourceType): boolean {
  return custom === undefined && group !== METRICS_GROUP;
}

/** Discovery and OpenAPI tell of custom resources; a group that is not built in can only be one. */
function mayBeCustom({ resources }: Server, info: RequestInfo): boolean {
  if (info.isResource) return !resources.isBuiltin(info.group);
  return info.path.startsWith('/api') || info.path.startsWith('/openapi');
}

async function connect(server: Server, request: Request, connection: Connection): ReturnType<Apiserver['connect']> {
  const target = targetOf(request.url);
  const info = requestInfo(request.method, target);
  try {
    const user = await admit(server, request, connection, info, target);
    const type = server.resources.lookup(info.group, info.version, info.resource);
    if (!type || !isConnect(info)) throw noSuchResource();
    await authorizeStream(server.authorize, { ...info, user });
    return await connectTarget({
      server,
      request,
      connection,
      info,
      query: target.query,
      user,
      type,
      output: JSON_OUTPUT,
      warnings: [],
    });
  } catch (error) {
    return await respondError(failureOf(server, error, request), JSON_OUTPUT);
  }
}
