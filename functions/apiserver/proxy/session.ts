import {
  END_HEADER,
  OFFSET_HEADER,
  OWNER_HEADER,
  SESSION_HEADER,
  SESSION_ID_HEADER,
  SUBJECT_HEADER,
  WAIT_HEADER,
} from '../../../lib/api/extensions.ts';
import { badRequest, conflict, StatusError, serviceUnavailable } from '../../../lib/api/status.ts';
import { type HeaderValues, lightResponse } from '../../../lib/runtime/light-response.ts';
import { authorizeStream } from '../authorization/stream.ts';
import type { UserInfo } from '../contract.ts';
import type { Call } from '../registry/call.ts';
import { refusedLog, send } from './forward.ts';
import { agentUrl } from './nodes.ts';
import { connectTarget } from './proxy.ts';

const ACTIONS: Readonly<Record<string, string>> = {
  exec: 'exec',
  attach: 'attach',
  portforward: 'portForward',
  log: 'containerLogs',
};

/** Whether the request is one message of a connection that an agent holds, instead of the connection. */
export function isSession({ request, info }: Call): boolean {
  return info.subresource in ACTIONS && request.headers.has(SESSION_HEADER);
}

/**
 * exec, attach, port-forward and followed logs over requests and answers. Each message is authenticated and authorized as the connection
 * would be; the agent knows whose session it is. See docs/decisions/2026-11-25-aws-shape.md.
 */
export async function session(call: Call): Promise<Response> {
  const { info, user, server, request } = call;
  await authorizeStream(server.authorize, { ...info, user });
  if (!server.backend) throw serviceUnavailable('this apiserver has no way to nodes and pods');
  const verb = request.headers.get(SESSION_HEADER) ?? '';
  if (verb === 'open') return open(call);
  if (verb === 'send' || verb === 'receive' || verb === 'close') return pass(call, verb);
  throw badRequest(`unknown value of ${SESSION_HEADER}: ${JSON.stringify(verb)}`);
}

async function open(call: Call): Promise<Response> {
  const target = await connectTarget(call);
  target.url.pathname = `/session/open${target.url.pathname}`;
  const response = await toAgent(call, target.url, {});
  if (response.status !== 201)
    return call.info.subresource === 'log' ? refusedLog(call, response) : refused(call, response);
  return answer(response);
}

const ID = /^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)\/([0-9a-f-]{36})$/;

async function pass(call: Call, verb: string): Promise<Response> {
  const [, node, id] = ID.exec(call.request.headers.get(SESSION_ID_HEADER) ?? '') ?? [];
  if (!node || !id) throw badRequest(`${SESSION_ID_HEADER} is no session's`);
  const url = await agentUrl(call.server, node);
  url.pathname = `/session/${verb}/${id}`;
  const headers: Record<string, string> = {};
  for (const name of [OFFSET_HEADER, END_HEADER, WAIT_HEADER]) {
    const value = call.request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  const response = await toAgent(call, url, headers);
  return response.status < 300 ? answer(response) : refused(call, response);
}

function toAgent(call: Call, url: URL, headers: Record<string, string>): Promise<Response> {
  const { info, request, user } = call;
  const subject = [ACTIONS[info.subresource], info.namespace, info.name].join('/');
  return send(
    call,
    { url, as: 'kubelet-client' },
    {
      method: 'POST',
      headers: { ...headers, [OWNER_HEADER]: ownerOf(user), [SUBJECT_HEADER]: subject },
      body: request.method === 'GET' ? undefined : (request.body ?? undefined),
    },
  );
}

/** In a form that headers carry: names of users may hold anything. */
function ownerOf({ username, uid = '' }: UserInfo): string {
  return Buffer.from(JSON.stringify([username, uid])).toString('base64url');
}

const PASSED_ON = ['content-type', 'content-length', END_HEADER];

function answer(response: Response): Response {
  const headers: HeaderValues = {};
  for (const name of PASSED_ON) {
    const value = response.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  return lightResponse(response.status, headers, response.body ?? undefined);
}

async function refused({ info, type }: Call, response: Response): Promise<never> {
  const { status } = response;
  const text = (await response.text()).trim();
  if (status === 409) throw conflict(type, info.name, text);
  const reasons = {
    400: 'BadRequest',
    404: 'NotFound',
    410: 'Gone',
    413: 'RequestEntityTooLarge',
    429: 'TooManyRequests',
  } as const;
  throw new StatusError(status, reasons[status as keyof typeof reasons] ?? 'InternalError', text);
}
