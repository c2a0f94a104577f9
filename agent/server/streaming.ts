import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Pod } from '../../lib/api/types.ts';
import { POD_UID_LABEL } from '../pods/labels.ts';
import { HttpError } from './http-error.ts';
import { flag } from './logs/options.ts';
import { passThrough } from './pass-through.ts';
import { findContainer, findPod } from './pod-lookup.ts';
import { requestUrl, segments } from './routes.ts';
import type { ServerContext } from './server.ts';
import { type StreamOptions, translate } from './translate.ts';
import { TUNNEL_PROTOCOL, tunnel } from './tunnel.ts';

const V5 = 'v5.channel.k8s.io';
/** A message of kubectl's is 32 KiB; other clients may send more at once. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** What the runtime speaks itself (SPDY/3.1, WebSocket up to v4) is passed through; WebSocket v5 and tunnelled SPDY are translated. */
export async function connect(
  context: ServerContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const url = requestUrl(request);
  const [name = '', namespace = '', podName = '', ...rest] = segments(url);
  if (!['exec', 'attach', 'portForward'].includes(name)) throw new HttpError(404, '404 page not found\n');
  const options = name === 'portForward' ? undefined : streamOptions(url.searchParams);
  const pod = findPod(context, namespace, podName);
  if (!pod) throw new HttpError(404, 'pod does not exist');
  const target = options
    ? await commandUrl(context, name, pod, rest.at(-1) ?? '', url.searchParams, options)
    : await portForwardUrl(context, pod, url.searchParams);
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
  const accept = (protocol: string) => () => acceptWebSocket(request, socket, head, protocol);
  if (options && offered.includes(V5)) await translate(target, options, accept(V5));
  else if (!options && offered.includes(TUNNEL_PROTOCOL)) await tunnel(target, accept(TUNNEL_PROTOCOL));
  else await passThrough(target, request, socket, head);
}

/** Source: cri-streaming remotecommand NewOptions; the query's names are v1 PodExecOptions'. */
function streamOptions(query: URLSearchParams): StreamOptions {
  const [stdin, stdout, stderr, tty] = ['input', 'output', 'error', 'tty'].map((name) => flag(query, name));
  const options = { stdin: !!stdin, stdout: !!stdout, stderr: !!stderr && !tty, tty: !!tty };
  if (options.stdin || options.stdout || options.stderr) return options;
  throw new HttpError(400, 'you must specify at least 1 of stdin, stdout, stderr');
}

async function commandUrl(
  context: ServerContext,
  name: string,
  pod: Pod,
  containerName: string,
  query: URLSearchParams,
  options: StreamOptions,
): Promise<string> {
  const { id } = await findContainer(context, pod, containerName);
  const request = { containerId: id, ...options };
  if (name === 'attach') return context.runtime.attach(request);
  return context.runtime.exec({ ...request, command: query.getAll('command') });
}

async function portForwardUrl(context: ServerContext, pod: Pod, query: URLSearchParams): Promise<string> {
  const labels = { [POD_UID_LABEL]: pod.metadata?.uid ?? '' };
  const [sandbox] = await context.runtime.listPodSandboxes({ labels, state: 'READY' });
  if (!sandbox) throw new HttpError(500, `sandbox not found for pod "${pod.metadata?.name}"`);
  const ports = query
    .getAll('port')
    .flatMap((ports) => ports.split(','))
    .map(Number);
  if (ports.some((port) => !(port > 0 && port <= 65_535)))
    throw new HttpError(400, `invalid port "${query.get('port')}"`);
  return context.runtime.portForward(sandbox.id, ports);
}

function acceptWebSocket(request: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): Promise<WebSocket> {
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES });
  // `SPDY/3.1+portforward.k8s.io` is no token as RFC 6455 wants subprotocols: ws would refuse it, so it is agreed on here.
  delete request.headers['sec-websocket-protocol'];
  server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve) => server.handleUpgrade(request, socket, head, resolve));
}
