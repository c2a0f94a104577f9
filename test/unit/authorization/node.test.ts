import { access } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster, user } from '../../builders/security.ts';

const n1 = user('system:node:n1', 'system:nodes', 'system:authenticated');
const NONE = "node: no relationship found between node 'n1' and this object";

describe('A node', () => {
  let cluster: SecureCluster;
  const ask = (wanted: Parameters<typeof access>[1]) =>
    cluster.authorize(access(n1, { namespace: 'default', ...wanted }));

  beforeAll(async () => {
    cluster = await secureCluster();
    const volumes = [
      { name: 's', secret: { secretName: 'in-volume' } },
      { name: 'c', configMap: { name: 'config' } },
      { name: 'p', projected: { sources: [{ secret: { name: 'projected' } }] } },
      { name: 'd', persistentVolumeClaim: { claimName: 'data' } },
    ];
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'in-env', key: 'a' } } }];
    const containers = [{ name: 'c', env }];
    const spec = {
      nodeName: 'n1',
      serviceAccountName: 'sa',
      containers,
      volumes,
      imagePullSecrets: [{ name: 'pull' }],
    };
    await cluster.put('pods', { metadata: { name: 'mine', namespace: 'default' }, spec });
    const other = { nodeName: 'n2', containers: [], volumes: [{ name: 's', secret: { secretName: 'theirs' } }] };
    await cluster.put('pods', { metadata: { name: 'other', namespace: 'default' }, spec: other });
    const mirror = { 'kubernetes.io/config.mirror': 'x' };
    const forged = { nodeName: 'n1', containers: [], volumes: [{ name: 's', secret: { secretName: 'theirs' } }] };
    await cluster.put('pods', { metadata: { name: 'm', namespace: 'default', annotations: mirror }, spec: forged });
    const claimRef = { namespace: 'default', name: 'data' };
    const csi = { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { namespace: 'storage', name: 'stage' } };
    await cluster.put('persistentvolumes', { metadata: { name: 'pv' }, spec: { claimRef, csi } });
  });

  test.each([
    ['secrets', 'in-volume'],
    ['secrets', 'projected'],
    ['secrets', 'in-env'],
    ['secrets', 'pull'],
    ['configmaps', 'config'],
    ['persistentvolumeclaims', 'data'],
    ['persistentvolumes', 'pv'],
    ['serviceaccounts', 'sa'],
    ['pods', 'mine'],
  ])('reads the %s %s that its pod uses', async (resource, name) => {
    expect(await ask({ resource, name })).toEqual({ allowed: true });
  });

  test('reads the secret that a driver needs to mount its pod’s volume', async () => {
    expect(await ask({ resource: 'secrets', namespace: 'storage', name: 'stage' })).toEqual({ allowed: true });
  });

  test.each([
    ['secrets', 'theirs', NONE],
    ['pods', 'other', NONE],
    ['nodes', 'n2', "node: node 'n1' cannot read 'n2', only its own Node object"],
  ])('does not read the %s %s', async (resource, name, reason) => {
    expect(await ask({ resource, name })).toEqual({ allowed: false, reason });
  });

  test('gets tokens for the accounts of its pods only', async () => {
    const token = { resource: 'serviceaccounts', subresource: 'token', verb: 'create' };
    expect(await ask({ ...token, name: 'sa' })).toEqual({ allowed: true });
    expect(await ask({ ...token, name: 'default' })).toEqual({ allowed: false, reason: NONE });
  });

  test('lists pods by its own name only', async () => {
    const list = { verb: 'list', resource: 'pods', namespace: '' };
    const reason = 'node: can only list/watch pods with spec.nodeName field selector';
    expect(await ask({ ...list, fieldSelector: 'spec.nodeName=n1' })).toEqual({ allowed: true });
    expect(await ask({ ...list, fieldSelector: 'spec.nodeName=n2' })).toEqual({ allowed: false, reason });
    expect(await ask(list)).toEqual({ allowed: false, reason });
  });

  test('renews its own lease only', async () => {
    const lease = { verb: 'update', group: 'coordination.k8s.io', resource: 'leases', namespace: 'kube-node-lease' };
    expect((await ask({ ...lease, name: 'n1' })).allowed).toBe(true);
    expect((await ask({ ...lease, name: 'n2' })).allowed).toBe(false);
    expect((await ask({ ...lease, name: 'n1', namespace: 'default' })).allowed).toBe(false);
  });

  test('does by system:node’s rules what is nobody’s in particular', async () => {
    expect((await ask({ verb: 'list', resource: 'services', namespace: '' })).allowed).toBe(true);
    expect((await ask({ verb: 'create', resource: 'events' })).allowed).toBe(true);
    expect((await ask({ verb: 'delete', resource: 'services', name: 's' })).allowed).toBe(false);
  });

  test('without a name is refused', async () => {
    const nameless = user('system:node:', 'system:nodes');
    const answer = await cluster.authorize(access(nameless, { resource: 'pods', verb: 'create' }));
    expect(answer).toEqual({ allowed: false, reason: 'node: unknown node for user "system:node:"' });
  });
});
