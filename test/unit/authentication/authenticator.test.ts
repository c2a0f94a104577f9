import { certificate, request, type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const bearer = (token: string) => request({ authorization: `Bearer ${token}` });

describe('Who asks', () => {
  let cluster: SecureCluster;

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
  });

  test('is an in-process caller as it says', async () => {
    const caller = user('system:kube-scheduler', 'system:authenticated');
    expect(await cluster.authenticate(request(), { user: caller })).toBe(caller);
  });

  test('is the certificate’s CN in its O groups', async () => {
    const found = await cluster.authenticate(request(), certificate('alice', 'dev', 'ops'));
    expect(found).toEqual(user('alice', 'dev', 'ops', 'system:authenticated'));
  });

  test('is the certificate’s even beside a token', async () => {
    expect((await cluster.authenticate(bearer('abc'), certificate('alice')))?.username).toBe('alice');
  });

  test('is anonymous without credentials', async () => {
    expect(await cluster.authenticate(request(), {})).toEqual(user('system:anonymous', 'system:unauthenticated'));
  });

  test('is nobody with a certificate that does not hold', async () => {
    expect(await cluster.authenticate(request(), { refusedCertificate: true })).toBeUndefined();
  });

  test('is nobody with a token that nobody knows', async () => {
    expect(await cluster.authenticate(bearer('abc'), {})).toBeUndefined();
  });

  describe('with a bootstrap token', () => {
    const data = {
      'token-id': 'abcdef',
      'token-secret': '0123456789abcdef',
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:workers',
    };
    const secret = (more: object = {}) => ({
      metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
      type: 'bootstrap.kubernetes.io/token',
      data: Object.fromEntries(Object.entries({ ...data, ...more }).map(([key, text]) => [key, btoa(text as string)])),
    });
    const ask = () => cluster.authenticate(bearer('abcdef.0123456789abcdef'), {});

    test('is its bootstrapper', async () => {
      await cluster.put('secrets', secret());
      const groups = ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated'];
      expect(await ask()).toEqual(user('system:bootstrap:abcdef', ...groups));
    });

    test.each([
      [{ 'token-secret': '0123456789abcdeX' }],
      [{ expiration: '2025-12-31T00:00:00Z' }],
      [{ 'usage-bootstrap-authentication': 'false' }],
      [{ 'auth-extra-groups': 'system:masters' }],
    ])('is nobody when the secret says %j', async (more) => {
      await cluster.put('secrets', secret(more));
      expect(await ask()).toBeUndefined();
    });
  });
});
