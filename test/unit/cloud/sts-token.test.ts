import { stsToken, TOKEN_PREFIX } from '../../../lib/cloud/aws/sts-token.ts';
import { tokenSource } from '../../../lib/cloud/aws/token-source.ts';
import { fakeClock } from '../../fakes/clock.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret', sessionToken: 'session' };

function urlOf(token: string): URL {
  expect(token.startsWith(TOKEN_PREFIX)).toBe(true);
  return new URL(Buffer.from(token.slice(TOKEN_PREFIX.length), 'base64url').toString());
}

test('is a presigned GetCallerIdentity that names the cluster in a signed header, as EKS tokens do', async () => {
  const { token, expiresAtMs } = await stsToken({ credentials, region: 'eu-central-1', cluster: 'c' }, NOW);
  const url = urlOf(token);
  expect(url.host).toBe('sts.eu-central-1.amazonaws.com');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20260101/eu-central-1/sts/aws4_request',
    'X-Amz-Date': '20260101T000000Z',
    'X-Amz-Expires': '60',
    'X-Amz-Security-Token': 'session',
    'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
  });
  expect(expiresAtMs).toBe(NOW + 15 * 60_000);
});

test('another cluster makes another signature', async () => {
  const signature = async (cluster: string) =>
    urlOf((await stsToken({ credentials, region: 'us-east-1', cluster }, NOW)).token).searchParams.get(
      'X-Amz-Signature',
    );
  expect(await signature('a')).not.toBe(await signature('b'));
});

test('ends with the credentials that signed it', async () => {
  const expiration = new Date(NOW + 60_000);
  const signed = await stsToken({ credentials: { ...credentials, expiration }, region: 'r', cluster: 'c' }, NOW);
  expect(signed.expiresAtMs).toBe(NOW + 60_000);
});

test('a source keeps its token, and renews it once for all who ask, before it ends', async () => {
  const clock = fakeClock();
  let asked = 0;
  const source = tokenSource({
    credentials: async () => ({ ...credentials, accessKeyId: `KEY${++asked}` }),
    region: 'us-east-1',
    cluster: 'c',
    clock,
  });
  const [first, second] = await Promise.all([source(), source()]);
  expect([first === second, asked]).toEqual([true, 1]);
  await clock.advance(9 * 60_000);
  expect(await source()).toBe(first);
  await clock.advance(2 * 60_000);
  expect(urlOf(await source()).searchParams.get('X-Amz-Credential')).toMatch(/^KEY2\//);
});
