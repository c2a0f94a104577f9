import { grant } from '../../../bin/commands/access/grant.ts';
import { list } from '../../../bin/commands/access/list.ts';
import { revoke } from '../../../bin/commands/access/revoke.ts';
import type { Client } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { realApiserver, type TestApiserver } from '../../fakes/real-apiserver.ts';

const ROLE = 'arn:aws:iam::123456789012:role/Developer';
const USER = 'arn:aws:iam::123456789012:user/ci/deployer';

let server: TestApiserver;
let client: Client;
beforeEach(async () => {
  server = await realApiserver();
  client = createClient((request) => server.apiserver.fetch(request), { userAgent: 'test' });
});

const bindings = async (path: string) => {
  const { body } = await server.send('GET', `/apis/rbac.authorization.k8s.io/v1/${path}`);
  return body.items.map(({ metadata, roleRef, subjects }: any) => [metadata.namespace, roleRef.name, subjects[0].name]);
};

describe('access grant', () => {
  test('names a user of a role’s sessions, and of nothing else', async () => {
    expect(await grant(client, 'arn:aws:iam::123456789012:role/teams/web/Developer', { group: ['dev'] })).toBe(
      `${ROLE} is user arn:aws:sts::123456789012:assumed-role/Developer/{{SessionName}}\n`,
    );
    expect(await list(client)).toMatch(/Developer\/\{\{SessionName\}\} +dev +-\n$/);
    expect(await bindings('clusterrolebindings')).toEqual([]);
  });

  test('with a preset binds its role to the principal', async () => {
    await grant(client, ROLE, { admin: true });
    expect(await bindings('clusterrolebindings')).toEqual([[undefined, 'cluster-admin', ROLE]]);
    await grant(client, ROLE, { edit: true, namespace: 'web', username: 'dev-{{SessionName}}' });
    expect(await bindings('clusterrolebindings')).toEqual([]);
    expect(await bindings('rolebindings')).toEqual([['web', 'edit', ROLE]]);
    const [head, row, ...more] = (await list(client)).trim().split('\n');
    expect(head!.split(/ +/)).toEqual(['PRINCIPAL', 'USERNAME', 'GROUPS', 'ROLE']);
    expect(row!.split(/ {3,}/)).toEqual([ROLE, 'dev-{{SessionName}}', '-', 'edit in web']);
    expect(more).toEqual([]);
  });

  test.each([
    ['what is no ARN', 'Developer', {}],
    ['the ARN of something else', 'arn:aws:s3:::bucket', {}],
    ['two presets', ROLE, { admin: true, view: true }],
    ['a namespace without a preset', ROLE, { namespace: 'web' }],
    ['a group of Kubernetes’ own', ROLE, { group: ['system:masters'] }],
    ['a user of Kubernetes’ own', ROLE, { username: 'system:admin' }],
    ['a node', ROLE, { username: 'System:node:n1' }],
    ['an unknown template', ROLE, { username: '{{Session}}' }],
    ['a session of a user', USER, { username: '{{SessionName}}' }],
    ['an empty user name', ROLE, { username: '' }],
    ['a group with spaces', ROLE, { group: ['a b'] }],
  ])('refuses %s, and grants nothing', async (_, arn, options) => {
    await expect(grant(client, arn, options)).rejects.toMatchObject({ exitCode: 2 });
    expect(await list(client)).toBe('nothing is granted to anybody\n');
  });
});

describe('access revoke', () => {
  test('takes back what was granted, bindings included', async () => {
    await grant(client, ROLE, { view: true });
    await grant(client, USER, { edit: true, namespace: 'web' });
    // Any session of the role names it.
    await revoke(client, 'arn:aws:sts::123456789012:assumed-role/Developer/jane');
    await revoke(client, USER);
    expect(await list(client)).toBe('nothing is granted to anybody\n');
    expect([...(await bindings('clusterrolebindings')), ...(await bindings('rolebindings'))]).toEqual([]);
  });

  test('says so when there was nothing', async () => {
    await expect(revoke(client, USER)).rejects.toMatchObject({
      exitCode: 1,
      message: `nothing was granted to ${USER}`,
    });
  });
});
