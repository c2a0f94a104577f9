import { HttpError } from '../../../agent/server/http-error.ts';
import { Sessions } from '../../../agent/server/session/sessions.ts';
import type { VirtualSocket } from '../../../agent/server/session/virtual-socket.ts';
import {
  END_HEADER,
  MAX_SESSION_MESSAGE_BYTES,
  OFFSET_HEADER,
  SESSION_HEADER,
  SESSION_ID_HEADER,
  WAIT_HEADER,
} from '../../../lib/api/extensions.ts';
import { isSession, openSession, type Session } from '../../../lib/api-proxy/session/session.ts';
import { bytesOf, chunksOf, lightResponse } from '../../../lib/runtime/light-response.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import { type FakeClock, fakeClock } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

const key = { owner: 'alice', subject: 'exec/default/web' };
const target = {
  method: 'POST' as const,
  url: 'https://api/api/v1/namespaces/default/pods/web/exec?command=cat',
  headers: {},
};
const upgrade = { method: 'GET', headers: { upgrade: 'websocket' } };

interface Node {
  sessions: Sessions;
  socket: VirtualSocket | undefined;
  clock: FakeClock;
  /** What becomes of a request: answered, lost before it arrived, or answered in vain or in part. */
  fate: () => 'fine' | 'lost' | 'answer lost' | 'broken off' | 'throttled' | 'timed out';
}

function node(random: Random): Node {
  const clock = fakeClock();
  return { sessions: new Sessions(clock, random), socket: undefined, clock, fate: () => 'fine' };
}

/** Apiserver and agent in one: what is asked of the session. */
function upstream(at: Node) {
  return async (request: Request): Promise<Response> => {
    const fate = at.fate();
    if (fate === 'lost') throw new Error('connection reset');
    if (fate === 'throttled') return new Response('', { status: 429 });
    const answer = await answered(at, request).catch((error) => {
      if (error instanceof HttpError) return new Response(error.message, { status: error.status });
      throw error;
    });
    if (fate === 'answer lost') throw new Error('connection reset');
    if (fate === 'broken off') return lightResponse(answer.status, Object.fromEntries(answer.headers), broken(answer));
    return fate === 'timed out' ? new Response('', { status: 504 }) : answer;
  };
}

async function* broken(answer: Response): AsyncGenerator<Uint8Array, void, void> {
  const bytes = await bytesOf(answer);
  yield bytes.subarray(0, bytes.byteLength / 2);
  throw new Error('connection reset');
}

async function answered(at: Node, request: Request): Promise<Response> {
  const header = (name: string) => request.headers.get(name) ?? '';
  const id = header(SESSION_ID_HEADER).split('/')[1] ?? '';
  switch (header(SESSION_HEADER)) {
    case 'open': {
      const opened = at.sessions.open(key);
      at.socket = opened.socket;
      return Response.json({ node: 'n1', id: opened.id }, { status: 201 });
    }
    case 'send': {
      const body = Buffer.from(await bytesOf(request));
      at.sessions.send(id, key, Number(header(OFFSET_HEADER)), body, header(END_HEADER) === 'true');
      return new Response(null, { status: 204 });
    }
    case 'receive': {
      const waitMs = Number(header(WAIT_HEADER)) * 1000;
      const { bytes, end } = await at.sessions.receive(
        id,
        key,
        Number(header(OFFSET_HEADER)),
        MAX_SESSION_MESSAGE_BYTES,
        waitMs,
      );
      return new Response(new Uint8Array(bytes), { headers: { [END_HEADER]: String(end) } });
    }
    default:
      at.sessions.close(id, key);
      return new Response(null, { status: 204 });
  }
}

async function opened(at: Node, random: Random): Promise<Session> {
  const context = { upstream: upstream(at), clock: at.clock, random };
  const session = await openSession(context, target, upgrade, new AbortController().signal);
  if (!isSession(session)) throw new Error(`refused: ${session.status}`);
  return session;
}

/** Time goes by until it is done. */
async function inTime<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let done = false;
  const watched = work.finally(() => {
    done = true;
  });
  watched.catch(() => undefined);
  for (let i = 0; i < 100_000 && !done; i++) await clock.advance(100);
  return watched;
}

async function all(session: Session): Promise<string> {
  let text = '';
  for await (const bytes of session.received()) text += Buffer.from(bytes);
  return text;
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever is lost on the way, everything comes once and in order (seed %i)',
  async (seed) => {
    const random = seededRandom(seed);
    const at = node(random);
    const session = await opened(at, random);
    at.socket!.pipe(at.socket!);
    const fates = ['lost', 'answer lost', 'broken off', 'throttled', 'timed out'] as const;
    at.fate = () => (random.next() < 0.4 ? fates[Math.floor(random.next() * fates.length)]! : 'fine');
    const parts = Array.from({ length: 40 }, (_, i) => `part ${i}: ${'x'.repeat(Math.floor(random.next() * 200))}\n`);
    const sending = (async () => {
      for (const [i, part] of parts.entries()) await session.send(Buffer.from(part), i === parts.length - 1);
    })();
    const [, heard] = await inTime(at.clock, Promise.all([sending, all(session)]));
    expect(heard).toBe(parts.join(''));
  },
);

test('a message larger than may be sent goes in several', async () => {
  const random = seededRandom(1);
  const at = node(random);
  const session = await opened(at, random);
  at.socket!.pipe(at.socket!);
  const bytes = Buffer.alloc(5 * 1024 * 1024, 'zeroplane ');
  const [, heard] = await inTime(at.clock, Promise.all([session.send(bytes, true), all(session)]));
  expect(heard === bytes.toString()).toBe(true);
});

test('a session that the agent has given up is lost, for both directions', async () => {
  const random = seededRandom(1);
  const at = node(random);
  const session = await opened(at, random);
  at.sessions.closeAll();
  await expect(session.send(Buffer.from('x'), false)).rejects.toThrow('answered 404');
  await expect(all(session)).rejects.toThrow('answered 404');
});

test('an apiserver that stays away ends it after some tries', async () => {
  const random = seededRandom(1);
  const at = node(random);
  const session = await opened(at, random);
  at.fate = () => 'lost';
  await expect(inTime(at.clock, session.send(Buffer.from('x'), false))).rejects.toThrow('connection reset');
});

test('what is refused when it is opened is the answer', async () => {
  const random = seededRandom(1);
  const refusing = async () => Response.json({ kind: 'Status', code: 403 }, { status: 403 });
  const context = { upstream: refusing, clock: fakeClock(), random };
  const answer = await openSession(context, target, upgrade, new AbortController().signal);
  expect(isSession(answer) ? undefined : answer.status).toBe(403);
});

test('every answer is read to its end: until then its connection is taken', async () => {
  const random = seededRandom(1);
  const at = node(random);
  const answers: Response[] = [];
  const recorded = async (request: Request) => {
    const answer = await upstream(at)(request);
    const streamed = lightResponse(answer.status, Object.fromEntries(answer.headers), chunksOf(answer));
    answers.push(streamed);
    return streamed;
  };
  const context = { upstream: recorded, clock: at.clock, random };
  const session = await openSession(context, target, upgrade, new AbortController().signal);
  if (!isSession(session)) throw new Error(`refused: ${session.status}`);
  at.socket!.pipe(at.socket!);
  at.fate = () => (['fine', 'throttled', 'timed out'] as const)[answers.length % 3]!;
  const sending = session.send(Buffer.from('all'), true);
  const [, heard] = await inTime(at.clock, Promise.all([sending, all(session)]));
  await session.close();
  expect(heard).toBe('all');
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 201, 204, 429, 504]));
  expect(answers.filter(({ bodyUsed }) => !bodyUsed)).toEqual([]);
});
