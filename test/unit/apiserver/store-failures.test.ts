import { type Store, StoreError, type StoreErrorReason } from '../../../lib/storage/contract.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { realApiserver } from '../../fakes/real-apiserver.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** A store that refuses what is named here. */
async function refusing(reason: StoreErrorReason, ...methods: (keyof Store)[]): Promise<Store> {
  const store = await openMemoryStore();
  const refuse = async () => {
    throw new StoreError(reason, 'the storage takes no more requests right now');
  };
  return new Proxy(store, {
    get: (target, name: keyof Store) => {
      const member = target[name];
      if (methods.includes(name)) return refuse;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('what a client hears of a storage that fails', () => {
  test.each([
    ['POST', CONFIG_MAPS, 'commit'],
    ['GET', `${CONFIG_MAPS}/x`, 'get'],
    ['GET', CONFIG_MAPS, 'list'],
    ['PATCH', `${CONFIG_MAPS}/x`, 'get'],
    ['DELETE', `${CONFIG_MAPS}/x`, 'get'],
  ] as const)('%s %s of a throttled store is 429, to be tried again', async (verb, path, method) => {
    const { send } = await realApiserver({ store: await refusing('Throttled', method) });
    const headers = verb === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {};
    const body = verb === 'POST' || verb === 'PATCH' ? { metadata: { name: 'x' } } : undefined;
    const answer = await send(verb, path, body, headers);
    expect(answer).toMatchObject({
      status: 429,
      body: { reason: 'TooManyRequests', details: { retryAfterSeconds: 1 } },
    });
    expect(answer.headers.get('retry-after')).toBe('1');
  });

  test('a write whose outcome is not known is 504, which no client may take for a refusal', async () => {
    const { send } = await realApiserver({ store: await refusing('Unknown', 'commit') });
    const answer = await send('POST', CONFIG_MAPS, { metadata: { name: 'x' } });
    expect(answer).toMatchObject({ status: 504, body: { reason: 'Timeout' } });
  });
});
