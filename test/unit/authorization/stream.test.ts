import { authorizeStream } from '../../../functions/apiserver/authorization/stream.ts';
import type { Authorizer } from '../../../functions/apiserver/contract.ts';
import { access } from '../../builders/requests.ts';
import { user } from '../../builders/security.ts';

const readers: Authorizer = ({ verb }) => ({ allowed: verb === 'get' });
const exec = { subresource: 'exec', name: 'p', namespace: 'ns' };

describe('A stream into a pod', () => {
  test('takes more than the right to read', async () => {
    await expect(authorizeStream(readers, access(user('alice'), exec))).rejects.toThrow(
      'pods "p" is forbidden: User "alice" cannot create resource "pods/exec" in API group "" in the namespace "ns"',
    );
  });

  test('is not asked about twice, nor is any other request', async () => {
    await authorizeStream(readers, access(user('alice'), { ...exec, verb: 'create' }));
    await authorizeStream(readers, access(user('alice'), { ...exec, subresource: 'proxy' }));
  });
});
