import { lightResponse } from '../../runtime/light-response.ts';
import { endToEnd } from '../headers.ts';
import { isSession, openSession, type Session, type SessionContext } from './session.ts';

/** `logs -f`: the agent reads on, and keeps what it has read until it is fetched. */
export async function followLog(context: SessionContext, request: Request): Promise<Response> {
  const target = { method: 'GET' as const, url: request.url, headers: endToEnd(request.headers) };
  const opened = await openSession(context, target, undefined, request.signal);
  if (!isSession(opened)) return opened;
  return lightResponse(200, { 'content-type': 'text/plain' }, untilLeft(opened));
}

async function* untilLeft(session: Session): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* session.received();
  } finally {
    // A session that is lost has nothing left to close.
    await session.close().catch(() => undefined);
  }
}
