import type { KubeObject } from '../../../lib/api/object.ts';
import { access } from '../../builders/requests.ts';
import { ISSUER, request, type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const bearer = (token: string) => request({ authorization: `Bearer ${token}` });
const claimsOf = (token: string) => JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/')));

describe('A ServiceAccount token', () => {
  let cluster: SecureCluster;
  let account: KubeObject;
  let pod: KubeObject;
  let node: KubeObject;

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
    account = await cluster.put('serviceaccounts', { metadata: { name: 'sa', namespace: 'default' } });
    node = await cluster.put('nodes', { metadata: { name: 'n1' } });
    const spec = { serviceAccountName: 'sa', nodeName: 'n1', containers: [] };
    pod = await cluster.put('pods', { metadata: { name: 'p', namespace: 'default' }, spec });
  });

  const create = (spec: object = {}, metadata: object = {}) =>
    cluster.createToken({
      serviceAccount: account,
      tokenRequest: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata, spec },
      user: user('admin'),
      namespace: 'default',
    });
  const podRef = { kind: 'Pod', apiVersion: 'v1', name: 'p' };
  const tokenOf = async (spec?: object) => (await create(spec))['status'].token as string;
  const who = (token: string) => cluster.authenticate(bearer(token), {});

  test('carries the claims that Kubernetes writes', async () => {
    const { status, spec } = await create();
    const now = cluster.clock.now() / 1000;
    expect(claimsOf(status.token)).toEqual({
      aud: [ISSUER],
      exp: now + 3600,
      iat: now,
      iss: ISSUER,
      jti: expect.any(String),
      'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'sa', uid: account.metadata!.uid } },
      nbf: now,
      sub: 'system:serviceaccount:default:sa',
    });
    expect(status.expirationTimestamp).toBe('2026-01-01T01:00:00Z');
    expect(spec).toMatchObject({ audiences: [ISSUER], expirationSeconds: 3600 });
  });

  test('names its account, pod and node', async () => {
    const token = await tokenOf({ boundObjectRef: podRef });
    expect(await who(token)).toEqual({
      username: 'system:serviceaccount:default:sa',
      uid: account.metadata!.uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
      extra: {
        'authentication.kubernetes.io/credential-id': [expect.stringMatching(/^JTI=/)],
        'authentication.kubernetes.io/node-name': ['n1'],
        'authentication.kubernetes.io/node-uid': [node.metadata!.uid],
        'authentication.kubernetes.io/pod-name': ['p'],
        'authentication.kubernetes.io/pod-uid': [pod.metadata!.uid],
      },
    });
  });

  test('of a pod’s own volume lives a year and says when it was due', async () => {
    const { status } = await create({ boundObjectRef: podRef, expirationSeconds: 3607 });
    const claims = claimsOf(status.token);
    expect(claims.exp - claims.iat).toBe(365 * 24 * 3600);
    expect(claims['kubernetes.io'].warnafter - claims.iat).toBe(3607);
    expect(status.expirationTimestamp).toBe('2026-01-01T01:00:07Z');
  });

  test('ends with its time', async () => {
    const token = await tokenOf({ expirationSeconds: 600 });
    await cluster.clock.advance(599_000);
    expect(await who(token)).toBeDefined();
    await cluster.clock.advance(62_000);
    expect(await who(token)).toBeUndefined();
  });

  test('ends with its pod, even when one of the same name follows', async () => {
    const token = await tokenOf({ boundObjectRef: podRef });
    expect(await who(token)).toBeDefined();
    await cluster.remove('pods', 'p', 'default');
    expect(await who(token)).toBeUndefined();
    await cluster.put('pods', { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [] } });
    expect(await who(token)).toBeUndefined();
  });

  test('ends with its account', async () => {
    const token = await tokenOf();
    await cluster.remove('serviceaccounts', 'sa', 'default');
    expect(await who(token)).toBeUndefined();
  });

  test('is refused when a letter of it changes', async () => {
    const token = await tokenOf();
    const [header, payload, signature] = token.split('.');
    expect(await who(`${header}.${payload}.${signature!.slice(0, -4)}AAAA`)).toBeUndefined();
    const forged = btoa(JSON.stringify({ ...claimsOf(token), sub: 'x' })).replaceAll('=', '');
    expect(await who(`${header}.${forged}.${signature}`)).toBeUndefined();
    const none = btoa(JSON.stringify({ alg: 'none' })).replaceAll('=', '');
    expect(await who(`${none}.${payload}.`)).toBeUndefined();
  });

  test('for somebody else is not for us', async () => {
    expect(await who(await tokenOf({ audiences: ['vault'] }))).toBeUndefined();
  });

  test('may not be asked for what cannot be', async () => {
    await expect(create({ expirationSeconds: 599 })).rejects.toThrow(
      'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
    );
    await expect(create({ boundObjectRef: { ...podRef, name: 'q' } })).rejects.toThrow('pods "q" not found');
    await expect(create({ boundObjectRef: { ...podRef, uid: 'other' } })).rejects.toMatchObject({ code: 409 });
    await expect(create({ boundObjectRef: { ...podRef, kind: 'ConfigMap' } })).rejects.toThrow(
      'cannot bind token to object of type /v1, Kind=ConfigMap',
    );
    await expect(create({}, { name: 'other' })).rejects.toThrow('must match the service account name if specified');
  });

  describe('in review', () => {
    async function review(spec: object) {
      const { user: _, ...info } = access(user('admin'), {});
      const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec };
      const create = cluster.virtual.get('authentication.k8s.io/tokenreviews')!;
      return (await create(object, { user: user('admin'), info: { ...info, rest: '' } }))['status'];
    }

    test('is told by its user and audiences', async () => {
      const status = await review({ token: await tokenOf() });
      expect(status).toMatchObject({ authenticated: true, audiences: [ISSUER] });
      expect(status.user.username).toBe('system:serviceaccount:default:sa');
    });

    test('is told with the fault', async () => {
      const token = await tokenOf();
      expect(await review({ token: 'abc' })).toEqual({ user: {}, error: 'invalid bearer token' });
      expect((await review({ token, audiences: ['x'] })).error).toBe(
        `[invalid bearer token, token audiences ["${ISSUER}"] is invalid for the target audiences ["x"]]`,
      );
      expect((await review({ token: `${token.slice(0, -8)}AAAAAAAA` })).error).toBe(
        '[invalid bearer token, go-jose/go-jose: error in cryptographic primitive]',
      );
      await expect(review({})).rejects.toMatchObject({ code: 400 });
    });
  });

  test('can be checked by anyone with the published keys', async () => {
    const jwks = JSON.parse((await cluster.documents.get('/openid/v1/jwks')!()).body);
    expect(jwks.keys).toEqual([expect.objectContaining({ use: 'sig', kty: 'EC', alg: 'ES256' })]);
    const { createLocalJWKSet, jwtVerify } = await import('jose');
    const { payload } = await jwtVerify(await tokenOf(), createLocalJWKSet(jwks), {
      issuer: ISSUER,
      currentDate: new Date(cluster.clock.now()),
    });
    expect(payload.sub).toBe('system:serviceaccount:default:sa');
    const configuration = JSON.parse((await cluster.documents.get('/.well-known/openid-configuration')!()).body);
    expect(configuration).toMatchObject({ issuer: ISSUER, id_token_signing_alg_values_supported: ['ES256'] });
  });

  describe('of a cluster with a public URL', () => {
    const publicUrl = 'https://abc.execute-api.eu-central-1.amazonaws.com/k8s';
    const discovery = { isResource: false, verb: 'get', path: '/.well-known/openid-configuration' };
    const mayAnybody = async (found: SecureCluster) =>
      (await found.authorize(access(user('system:anonymous', 'system:unauthenticated'), discovery))).allowed;

    test('is issued by that URL, under which anybody finds the keys', async () => {
      const found = await secureCluster({ publicUrl });
      const configuration = JSON.parse((await found.documents.get('/.well-known/openid-configuration')!()).body);
      expect(configuration).toMatchObject({ issuer: publicUrl, jwks_uri: `${publicUrl}/openid/v1/jwks` });
      expect(await mayAnybody(found)).toBe(true);
    });

    test('otherwise only ServiceAccounts may look', async () => {
      expect(await mayAnybody(await secureCluster())).toBe(false);
    });
  });
});
