import { generateKeyPairSync } from 'node:crypto';
import { encodeObject } from '../../../functions/apiserver/encode.ts';
import { storageKey } from '../../../functions/apiserver/reader.ts';
import type { Security } from '../../../functions/apiserver/security.ts';
import { security } from '../../../functions/apiserver/security.ts';
import { type AccessEntry, accessConfigMap } from '../../../lib/api/access-entry.ts';
import { stsToken } from '../../../lib/cloud/aws/sts-token.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { request } from '../../builders/security.ts';
import { type FakeClock, fakeClock } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';

const CLUSTER = 'test';
const ACCOUNT = '123456789012';
const NODE_ROLE = `arn:aws:iam::${ACCOUNT}:role/zeroplane/test-node`;
const ADMIN = `arn:aws:iam::${ACCOUNT}:role/Admin`;
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'not-so-secret' };

/** STS as far as it answers GetCallerIdentity: for whom is told beforehand. */
class Sts {
  arn = `arn:aws:iam::${ACCOUNT}:user/alice`;
  userId = 'AIDAEXAMPLE';
  asked: { url: URL; headers: Record<string, string> }[] = [];
  answer: (() => Promise<{ status: number; body: string }>) | undefined;

  get = async (url: URL, headers: Record<string, string>) => {
    this.asked.push({ url, headers });
    if (this.answer) return this.answer();
    const result = { Account: ACCOUNT, Arn: this.arn, UserId: this.userId };
    const body = JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: result } });
    return { status: 200, body };
  };

  session(role: string, name: string): void {
    this.arn = `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${name}`;
    this.userId = `AROAEXAMPLE:${name}`;
  }
}

let clock: FakeClock;
let sts: Sts;
let guard: Security;
let put: (entry: AccessEntry) => Promise<void>;

async function guarded(more: { stsEndpoint?: string } = {}): Promise<void> {
  clock = fakeClock();
  sts = new Sts();
  const store = await openMemoryStore({ clock });
  guard = security({
    store,
    clock,
    random: seededRandom(1),
    serviceCIDR: '10.96.0.0/16',
    serviceAccountKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    issuer: 'https://issuer.test',
    endpoint: { address: '192.168.5.1', port: 6443 },
    iam: { clusterName: CLUSTER, admins: [ADMIN], nodeRole: NODE_ROLE, httpGet: sts.get, ...more },
  });
  put = async (entry) => {
    const object = accessConfigMap(entry);
    const { name, namespace } = object.metadata!;
    const key = storageKey('configmaps', name!, namespace);
    const value = (revision: number) => encodeObject(object as never, revision);
    const present = await store.get(key);
    await store.commit([
      present ? { op: 'update', key, revision: present.revision, value } : { op: 'create', key, value },
    ]);
  };
}

beforeEach(() => guarded());

const signed = async () =>
  (await stsToken({ credentials, region: 'eu-central-1', cluster: CLUSTER }, clock.now())).token;
const who = (token: string) => guard.authenticate(request({ authorization: `Bearer ${token}` }), {});
/** The token with its URL changed. */
async function changed(change: (url: URL) => void): Promise<string> {
  const url = new URL(urlOf(await signed()));
  change(url);
  return encoded(url.toString());
}
const urlOf = (token: string) => Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString();
const encoded = (text: string) => `k8s-aws-v1.${Buffer.from(text).toString('base64url')}`;
const alice = { principal: `arn:aws:iam::${ACCOUNT}:user/alice`, username: 'alice', groups: ['dev'] };

describe('A token signed by IAM', () => {
  test('names the user that its principal is granted to be', async () => {
    await put(alice);
    const token = await signed();
    expect(await who(token)).toMatchObject({
      username: 'alice',
      uid: `aws-iam-authenticator:${ACCOUNT}:AIDAEXAMPLE`,
      groups: ['dev', 'system:authenticated'],
      extra: { accessKeyId: ['AKIAEXAMPLE'], arn: [alice.principal], canonicalArn: [alice.principal] },
    });
    const [{ url, headers }] = sts.asked as [(typeof sts.asked)[0]];
    expect(url.origin).toBe('https://sts.eu-central-1.amazonaws.com');
    expect(headers).toEqual({ 'x-k8s-aws-id': CLUSTER, accept: 'application/json' });
  });

  test('of a principal without a grant is nobody’s', async () => {
    expect(await who(await signed())).toBeUndefined();
  });

  test('of a role’s session is the role’s, whatever the role’s path', async () => {
    sts.session('Developer', 'jane@example.com');
    await put({
      principal: `arn:aws:iam::${ACCOUNT}:role/Developer`,
      username: '{{AccountID}}:{{SessionName}}',
      groups: [],
    });
    expect((await who(await signed()))?.username).toBe(`${ACCOUNT}:jane-example.com`);
  });

  test('of an administrator is system:masters, whatever the cluster holds', async () => {
    sts.session('Admin', 'root');
    const user = await who(await signed());
    expect(user?.groups).toEqual(['system:masters', 'system:authenticated']);
    expect(user?.username).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/Admin/root`);
  });

  test('of an instance is its node', async () => {
    sts.session('test-node', 'i-0123456789abcdef0');
    const user = await who(await signed());
    expect(user?.username).toBe('system:node:i-0123456789abcdef0');
    expect(user?.groups).toContain('system:nodes');
  });

  test.each(['alice', 'i-0123', 'i-0123456789ABCDEF0', 'i-0123456789abcdef0x', 'system:node:n'])(
    'of the nodes’ role but session %s is nobody’s',
    async (session) => {
      sts.session('test-node', session);
      expect(await who(await signed())).toBeUndefined();
    },
  );

  test('a revoked grant counts at once, though STS is not asked again', async () => {
    await put(alice);
    const token = await signed();
    await who(token);
    await put({ ...alice, username: 'someone-else' });
    expect((await who(token))?.username).toBe('someone-else');
    expect(sts.asked).toHaveLength(1);
  });

  test.each([
    ['system:masters', { ...alice, groups: ['system:masters'] }],
    ['a node', { ...alice, username: 'system:node:n1' }],
  ])('a grant that somebody wrote for %s does not count', async (_, entry) => {
    await put(entry);
    expect(await who(await signed())).toBeUndefined();
  });

  test('is for the apiserver: no other audience', async () => {
    await put(alice);
    const review = guard.virtual.get('authentication.k8s.io/tokenreviews')!;
    const ask = (audiences: string[]) =>
      review({ spec: { token: '', audiences } } as never, {} as never).catch((error) => error.message);
    expect(await ask([])).toMatch(/token is required/);
    const token = await signed();
    const answer = async (audiences?: string[]) =>
      (await review({ spec: { token, ...(audiences && { audiences }) } } as never, {} as never))['status'];
    expect(await answer()).toMatchObject({ authenticated: true, audiences: ['https://issuer.test'] });
    expect((await answer(['vault'])).authenticated).toBeUndefined();
  });
});

describe('A token is refused without asking STS', () => {
  const part = (name: 'hostname' | 'port' | 'pathname' | 'username' | 'hash', value: string) => (url: URL) => {
    url[name] = value;
  };
  const set = (name: string, value: string) => (url: URL) => url.searchParams.set(name, value);
  test.each<[string, (url: URL) => void]>([
    ['for another host', part('hostname', 'sts.example.com')],
    ['for a host that ends like STS’s', part('hostname', 'evil-sts.eu-central-1.amazonaws.com')],
    ['for a host that begins like STS’s', part('hostname', 'sts.eu-central-1.amazonaws.com.example.com')],
    ['for another service', part('hostname', 's3.eu-central-1.amazonaws.com')],
    ['for a bucket named sts', part('hostname', 'sts.s3.amazonaws.com')],
    ['for another port', part('port', '8443')],
    ['for another path', part('pathname', '/other')],
    ['with a user in its URL', part('username', 'me')],
    ['with a fragment', part('hash', 'x')],
    ['for another action', set('Action', 'AssumeRole')],
    ['with a parameter more', set('RoleArn', 'x')],
    ['with a parameter twice', (url) => url.searchParams.append('Action', 'GetCallerIdentity')],
    ['with a parameter in two cases', (url) => url.searchParams.append('action', 'GetCallerIdentity')],
    ['whose cluster is not signed', set('X-Amz-SignedHeaders', 'host')],
    ['whose host is not signed', set('X-Amz-SignedHeaders', 'x-k8s-aws-id')],
    ['that would live too long', set('X-Amz-Expires', '901')],
    ['that lives for a negative time', set('X-Amz-Expires', '-1')],
    ['without an expiry', (url) => url.searchParams.delete('X-Amz-Expires')],
    ['without a date', (url) => url.searchParams.delete('X-Amz-Date')],
    ['with another form of date', set('X-Amz-Date', '2026-01-01T00:00:00Z')],
    ['with a date that is none', set('X-Amz-Date', '20261399T000000Z')],
  ])('%s', async (_, change) => {
    await put(alice);
    expect(await who(await changed(change))).toBeUndefined();
    expect(sts.asked).toEqual([]);
  });

  test('over plain HTTP', async () => {
    expect(await who(encoded(urlOf(await signed()).replace('https:', 'http:')))).toBeUndefined();
    expect(sts.asked).toEqual([]);
  });

  test.each([
    ['that is no base64url', 'k8s-aws-v1.%%%'],
    ['that is padded', `${encoded('https://sts.amazonaws.com/')}==`],
    ['that holds no URL', encoded('hello')],
    ['that is empty', 'k8s-aws-v1.'],
    ['that is too long', `k8s-aws-v1.${'a'.repeat(4096)}`],
  ])('%s', async (_, token) => {
    expect(await who(token)).toBeUndefined();
    expect(sts.asked).toEqual([]);
  });

  test('a quarter of an hour after it was signed, though STS has said yes before', async () => {
    await put(alice);
    const token = await signed();
    expect(await who(token)).toBeDefined();
    await clock.advance(15 * 60_000 + 1_000);
    expect(await who(token)).toBeUndefined();
    expect(sts.asked).toHaveLength(1);
  });
});

describe('STS', () => {
  test('is asked once by requests that come together', async () => {
    await put(alice);
    const token = await signed();
    await Promise.all([who(token), who(token), who(token)]);
    expect(sts.asked).toHaveLength(1);
  });

  test('that refuses a signature is not asked again at once', async () => {
    await put(alice);
    sts.answer = async () => ({ status: 403, body: 'SignatureDoesNotMatch' });
    const token = await signed();
    expect(await who(token)).toBeUndefined();
    expect(await who(token)).toBeUndefined();
    expect(sts.asked).toHaveLength(1);
    sts.answer = undefined;
    await clock.advance(10_001);
    expect((await who(token))?.username).toBe('alice');
  });

  test.each<[string, () => Promise<{ status: number; body: string }>]>([
    ['cannot be reached', () => Promise.reject(new Error('ETIMEDOUT'))],
    ['is broken', async () => ({ status: 500, body: '' })],
    ['throttles', async () => ({ status: 400, body: '<Code>Throttling</Code>' })],
  ])('that %s is nobody’s fault: 503, and asked again', async (_, answer) => {
    await put(alice);
    sts.answer = answer;
    const token = await signed();
    await expect(who(token)).rejects.toMatchObject({ code: 503 });
    sts.answer = undefined;
    expect((await who(token))?.username).toBe('alice');
  });

  test.each([
    ['redirects', { status: 302, body: '' }],
    ['answers no JSON', { status: 200, body: '{' }],
    ['names nobody', { status: 200, body: '{}' }],
  ])('that %s has not said who it is', async (_, answer) => {
    sts.answer = async () => answer;
    expect(await who(await signed())).toBeUndefined();
  });

  test('that names an account other than the ARN’s is not believed', async () => {
    sts.arn = 'arn:aws:iam::999999999999:user/alice';
    expect(await who(await signed())).toBeUndefined();
  });

  test('may be an emulator’s, which is asked whatever the token names, and may answer XML', async () => {
    await guarded({ stsEndpoint: 'http://localhost:4566' });
    await put(alice);
    sts.answer = async () => ({
      status: 200,
      body: `<R><GetCallerIdentityResult><Arn>${alice.principal}</Arn><UserId>A</UserId><Account>${ACCOUNT}</Account></GetCallerIdentityResult></R>`,
    });
    const at = async (origin: string) =>
      encoded(urlOf(await signed()).replace('https://sts.eu-central-1.amazonaws.com', origin));
    expect((await who(await at('http://localhost:4566')))?.username).toBe('alice');
    expect((await who(await signed()))?.username).toBe('alice');
    expect(new Set(sts.asked.map(({ url }) => url.origin))).toEqual(new Set(['http://localhost:4566']));
    expect(await who(await at('http://localhost:4567'))).toBeUndefined();
  });
});
