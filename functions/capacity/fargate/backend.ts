import { HttpError } from '../../../agent/server/http-error.ts';
import { VIRTUAL_PROTOCOL } from '../../../lib/api/virtual-node.ts';
import { lightResponse } from '../../../lib/runtime/light-response.ts';
import { type LogSource, openTaskLog } from './logs.ts';

/** As `BackendRequest` of the apiserver, of which it needs no more. */
interface Asked {
  url: URL;
  signal: AbortSignal;
}

const PLAIN = { 'content-type': 'text/plain' };

/** Answers in the place of an agent where there is none; everything else goes to `others`. */
export function withVirtualNode<Request extends Asked>(
  others: { send(request: Request): Promise<Response> },
  source: () => Promise<LogSource>,
): { send(request: Request): Promise<Response> } {
  return {
    send: (request) => (request.url.protocol === VIRTUAL_PROTOCOL ? answer(request, source) : others.send(request)),
  };
}

async function answer({ url, signal }: Asked, source: () => Promise<LogSource>): Promise<Response> {
  const [action, , pod = '', container = ''] = url.pathname.split('/').slice(1);
  if (action !== 'containerLogs')
    return text(405, 'a virtual node answers for the logs of its pods, and for nothing else');
  try {
    const uid = url.searchParams.get('uid') ?? '';
    const pieces = await openTaskLog(await source(), uid, container, url.searchParams, signal);
    if (pieces) return lightResponse(200, PLAIN, pieces);
    return text(
      400,
      `container ${JSON.stringify(container)} in pod ${JSON.stringify(pod)} is waiting to start: no log of it is there`,
    );
  } catch (error) {
    if (error instanceof HttpError) return text(error.status, error.message);
    throw error;
  }
}

function text(status: number, message: string): Response {
  return lightResponse(status, PLAIN, Buffer.from(message));
}
