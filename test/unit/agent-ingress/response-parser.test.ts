import { ResponseParser } from '../../../agent/ingress/response-parser.ts';

interface Read {
  status: number;
  headers: string[];
  body: string;
  trailers: string[];
  reusable: boolean | undefined;
}

function read(text: string, method = 'GET', pieces = 1, close = false): Read {
  const result: Read = { status: 0, headers: [], body: '', trailers: [], reusable: undefined };
  const parser = new ResponseParser();
  parser.expect(
    {
      head: (status, _, headers) => Object.assign(result, { status, headers }),
      data: (chunk) => {
        result.body += chunk;
      },
      end: (trailers, reusable) => Object.assign(result, { trailers, reusable }),
    },
    method,
  );
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += pieces) parser.execute(bytes.subarray(at, at + pieces));
  if (close) parser.close();
  return result;
}

const WITH_LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\nX-T: 1\r\n\r\n';

test.each([1, 2, 7, 1000])('in pieces of %d bytes a response is the same', (pieces) => {
  expect(read(WITH_LENGTH, 'GET', pieces)).toMatchObject({ status: 200, body: 'hello', reusable: true });
  const chunked = read(CHUNKED, 'GET', pieces);
  expect(chunked).toMatchObject({ body: 'hello', trailers: ['X-T', '1'], reusable: true });
  // How it was framed is the connection's affair.
  expect(chunked.headers).toEqual(['Trailer', 'X-T']);
});

test('HEAD, 204 and 304 have no body whatever their headers say', () => {
  expect(read('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD').reusable).toBe(true);
  expect(read('HTTP/1.1 204 No Content\r\n\r\n').reusable).toBe(true);
  expect(read('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n').reusable).toBe(true);
});

test('without a length the connection’s end is the end', () => {
  expect(read('HTTP/1.1 200 OK\r\n\r\nhello', 'GET', 3, true)).toMatchObject({ body: 'hello', reusable: false });
});

test('a connection that the server closes, or that speaks HTTP/1.0, is not used again', () => {
  expect(read('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n').reusable).toBe(false);
  expect(read('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n').reusable).toBe(false);
});

test('what comes before the answer is passed over', () => {
  expect(read(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${WITH_LENGTH}`)).toMatchObject({
    status: 200,
    body: 'hello',
  });
});

test.each([
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello'],
  ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n'],
  ['a chunk that is longer than it said', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxxx\r\n'],
  ['bytes behind the end', `${WITH_LENGTH}more`],
])('%s is refused', (_, text) => {
  expect(() => read(text)).toThrow();
});
