import { type SessionKey, Sessions } from '../../../agent/server/session/sessions.ts';
import { MAX_BUFFERED_BYTES } from '../../../agent/server/session/virtual-socket.ts';
import { type FakeClock, fakeClock, settle } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

const key: SessionKey = { owner: 'alice', subject: 'exec/default/web' };
const LIMIT = 1024 * 1024;

let clock: FakeClock;
let sessions: Sessions;
let id: string;
let socket: ReturnType<Sessions['open']>['socket'];
let heard: string;

beforeEach(() => {
  clock = fakeClock();
  sessions = new Sessions(clock, seededRandom(1));
  ({ id, socket } = sessions.open(key));
  heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk;
  });
});

const send = (offset: number, text: string, end = false) => sessions.send(id, key, offset, Buffer.from(text), end);
const receive = async (offset: number, waitMs = 0) => {
  const { bytes, end } = await sessions.receive(id, key, offset, LIMIT, waitMs);
  return `${bytes}${end ? '|' : ''}`;
};

describe('What a client sends', () => {
  test('arrives in order', async () => {
    send(0, 'one ');
    send(4, 'two');
    await settle();
    expect(heard).toBe('one two');
  });

  test('arrives once, however often it is sent', async () => {
    send(0, 'one ');
    send(0, 'one ');
    // A retry may be cut differently.
    send(0, 'one two');
    send(2, 'e two');
    await settle();
    expect(heard).toBe('one two');
  });

  test('is refused with a gap before it', async () => {
    send(0, 'one ');
    expect(() => send(5, 'x')).toThrow(expect.objectContaining({ status: 409 }));
    await settle();
    expect(heard).toBe('one ');
  });

  test('ends when it says so, also twice', async () => {
    let ended = 0;
    socket.on('end', () => ended++);
    send(0, 'all', true);
    send(0, 'all', true);
    await settle();
    expect([heard, ended]).toEqual(['all', 1]);
  });

  test('waits while it is not read', async () => {
    const slow = sessions.open(key);
    const piece = Buffer.alloc(LIMIT);
    let offset = 0;
    const fill = () => {
      for (let i = 0; i < 16; i++, offset += LIMIT) sessions.send(slow.id, key, offset, piece, false);
    };
    expect(fill).toThrow(expect.objectContaining({ status: 429 }));
    expect(offset).toBeGreaterThan(MAX_BUFFERED_BYTES);
    slow.socket.resume();
    await settle();
    sessions.send(slow.id, key, offset, piece, false);
  });
});

describe('What a client receives', () => {
  test('is there again until a later offset is asked for', async () => {
    socket.write('hello ');
    expect(await receive(0)).toBe('hello ');
    socket.write('world');
    expect(await receive(0)).toBe('hello world');
    expect(await receive(6)).toBe('world');
    await expect(receive(0)).rejects.toMatchObject({ status: 410 });
    await expect(receive(99)).rejects.toMatchObject({ status: 410 });
  });

  test('comes as soon as there is something', async () => {
    const waiting = receive(0, 20_000);
    await clock.advance(10_000);
    socket.write('now');
    expect(await waiting).toBe('now');
  });

  test('is nothing after the time that it may take', async () => {
    const waiting = receive(0, 20_000);
    await clock.advance(20_000);
    expect(await waiting).toBe('');
  });

  test('ends after all that was written', async () => {
    socket.end('last words');
    await settle();
    expect(await receive(0)).toBe('last words|');
    expect(await receive(0)).toBe('last words|');
    expect(await receive(10)).toBe('|');
  });

  test('of a connection that broke, what was written before', async () => {
    socket.write('so far');
    socket.destroy();
    await settle();
    expect(await receive(0)).toBe('so far|');
  });

  test('holds up who writes more than is fetched', async () => {
    const piece = Buffer.alloc(LIMIT);
    let written = 0;
    const write = () => {
      for (let i = 0; i < 16; i++) socket.write(piece, () => written++);
    };
    write();
    await settle();
    expect(written).toBe(4);
    for (let offset = 0; offset < 16 * LIMIT; ) {
      const { bytes } = await sessions.receive(id, key, offset, LIMIT, 0);
      expect(bytes.byteLength).toBeGreaterThan(0);
      offset += bytes.byteLength;
      await settle();
    }
    expect(await receive(16 * LIMIT)).toBe('');
    expect(written).toBe(16);
  });
});

describe('A session', () => {
  test.each([
    ['somebody else', { ...key, owner: 'mallory' }],
    ['another pod', { ...key, subject: 'exec/default/other' }],
    ['another action', { ...key, subject: 'attach/default/web' }],
  ])('is not there for %s', async (_, other) => {
    const missing = expect.objectContaining({ status: 404 });
    expect(() => sessions.send(id, other, 0, Buffer.from('x'), false)).toThrow(missing);
    await expect(sessions.receive(id, other, 0, LIMIT, 0)).rejects.toEqual(missing);
    expect(() => sessions.close(id, other)).toThrow(missing);
    expect(sessions.size).toBe(1);
  });

  test('that nobody asks for ends, and its connection with it', async () => {
    await clock.advance(59_000);
    expect(await receive(0)).toBe('');
    await clock.advance(59_000);
    expect(socket.destroyed).toBe(false);
    await clock.advance(2_000);
    expect(socket.destroyed).toBe(true);
    expect(sessions.size).toBe(0);
    await expect(receive(0)).rejects.toMatchObject({ status: 404 });
  });

  test('that is closed ends its connection', () => {
    sessions.close(id, key);
    expect(socket.destroyed).toBe(true);
    expect(() => sessions.close(id, key)).toThrow(expect.objectContaining({ status: 404 }));
  });

  test('is refused when a node has too many', () => {
    const open = () => {
      for (let i = 0; i < 300; i++) sessions.open(key);
    };
    expect(open).toThrow(expect.objectContaining({ status: 429 }));
    sessions.closeAll();
    expect(sessions.size).toBe(0);
    expect(clock.pending).toBe(0);
  });
});
