import { PassThrough } from 'node:stream';
import { constants, inflateSync } from 'node:zlib';
import { SpdyConnection } from '../../../agent/server/spdy/connection.ts';
import { CONTROL, controlFrame, dataHeader, FrameReader } from '../../../agent/server/spdy/frames.ts';
import { HeaderWriter } from '../../../agent/server/spdy/header-block.ts';

const data = (stream: number, text: string, fin = false) =>
  Buffer.concat([dataHeader(stream, text.length, fin), Buffer.from(text)]);

test('frames are found however the bytes arrive', () => {
  const whole = Buffer.concat([
    data(1, 'hello'),
    controlFrame(CONTROL.PING, 0, Buffer.from([0, 0, 0, 1])),
    data(3, '', true),
  ]);
  for (let size = 1; size <= whole.length; size++) {
    const reader = new FrameReader();
    const frames = [];
    for (let at = 0; at < whole.length; at += size) frames.push(...reader.push(whole.subarray(at, at + size)));
    expect(
      frames.map((frame) => (frame.control ? frame.type : `${frame.streamId}:${frame.payload}:${frame.fin}`)),
    ).toEqual(['1:hello:false', CONTROL.PING, '3::true']);
  }
});

test('header blocks are one zlib stream, whole at the end of each block', () => {
  const writer = new HeaderWriter();
  const blocks = [writer.block({ streamtype: 'error' }), writer.block({ streamtype: 'stdout', port: '80' })];
  const inflate = (bytes: Buffer) => inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString('latin1');
  expect(inflate(blocks[0] as Buffer)).toBe('\0\0\0\x01\0\0\0\x0astreamtype\0\0\0\x05error');
  expect(inflate(Buffer.concat(blocks))).toContain('streamtype\0\0\0\x06stdout\0\0\0\x04port\0\0\0\x0280');
});

describe('a connection', () => {
  /** What the other side sees and says. */
  function connected() {
    const toPeer = new PassThrough({ highWaterMark: 1 << 20 });
    const fromPeer = new PassThrough();
    const socket = Object.assign(fromPeer, {
      write: (chunk: Buffer) => toPeer.write(chunk),
      end: () => toPeer.end(),
    });
    const events: string[] = [];
    const connection = new SpdyConnection(socket as never, Buffer.alloc(0), {
      data: (stream, bytes) => events.push(`${stream} ${bytes}`),
      end: (stream) => events.push(`${stream} ended`),
      close: () => events.push('closed'),
    });
    const sent = () => new FrameReader().push((toPeer.read() as Buffer | null) ?? Buffer.alloc(0));
    return { connection, events, sent, receive: (bytes: Buffer) => socket.emit('data', bytes) };
  }

  test('numbers its streams oddly and sends large writes in pieces', () => {
    const { connection, sent } = connected();
    expect([connection.open({ a: '1' }), connection.open({ a: '2' })]).toEqual([1, 3]);
    connection.write(3, Buffer.alloc(150_000));
    connection.end(3);
    const frames = sent().map((frame) => (frame.control ? frame.type : frame.payload.length));
    expect(frames).toEqual([CONTROL.SYN_STREAM, CONTROL.SYN_STREAM, 65_536, 65_536, 18_928, 0]);
  });

  test('answers pings and tells of data, ends and resets', () => {
    const { events, sent, receive } = connected();
    receive(data(1, 'out'));
    receive(data(3, 'last', true));
    receive(controlFrame(CONTROL.RST_STREAM, 0, Buffer.from([0, 0, 0, 5, 0, 0, 0, 5])));
    receive(controlFrame(CONTROL.PING, 0, Buffer.from([0, 0, 0, 2])));
    expect(events).toEqual(['1 out', '3 last', '3 ended', '5 ended']);
    expect(sent().map((frame) => frame.control && frame.type)).toEqual([CONTROL.PING]);
  });
});
