import type { IncomingMessage } from 'node:http';
import { connectionOf } from '../../../../functions/apiserver/http/connection.ts';

/** A message over a socket whose peer showed this certificate. */
const over = (authorized: boolean, certificate: object | undefined) =>
  ({
    socket: { remoteAddress: '127.0.0.1', authorized, getPeerCertificate: () => certificate },
  }) as unknown as IncomingMessage;
const alice = { subject: { CN: 'alice', O: ['dev', 'ops'] }, fingerprint256: 'AB:CD' };

test.each([
  ['none', over(false, {}), {}],
  [
    'one that holds',
    over(true, alice),
    { clientCertificate: { commonName: 'alice', organizations: ['dev', 'ops'], sha256: 'abcd' } },
  ],
  ['one of another CA, or expired', over(false, alice), { refusedCertificate: true }],
])('a client certificate is told: %s', (_, message, expected) => {
  expect(connectionOf(message)).toEqual({ remoteAddress: '127.0.0.1', ...expected });
});
