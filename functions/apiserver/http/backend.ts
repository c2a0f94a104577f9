import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type HeaderValues, lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Backend, BackendRequest } from '../dependencies.ts';

/** What the apiserver shows to agents, and how it knows them. PEM. */
export interface BackendCredentials {
  cert: string;
  key: string;
  ca: string;
}

const KEEP_ALIVE_MS = 30_000;

/** Nodes and pods over the network. Pods are not asked who they are: they have no names to be known by. */
export function networkBackend(credentials: BackendCredentials): Backend {
  const agents = {
    'kubelet-client': new Agent({ ...credentials, keepAlive: true, timeout: KEEP_ALIVE_MS }),
    none: new Agent({ rejectUnauthorized: false, keepAlive: true, timeout: KEEP_ALIVE_MS }),
  };
  return { send: (message) => send(message, agents[message.as]) };
}

function send({ url, method, headers, body, signal }: BackendRequest, agent: Agent): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing: OutgoingHttpHeaders = { ...headers };
    const answered = (incoming: IncomingMessage) =>
      resolve(lightResponse(incoming.statusCode ?? 502, incoming.headers as HeaderValues, incoming));
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { method, headers: outgoing, agent, signal }, answered)
        : httpRequest(url, { method, headers: outgoing, signal }, answered);
    request.on('error', reject);
    if (body) pipeline(Readable.fromWeb(body as never), request).catch(reject);
    else request.end();
  });
}
