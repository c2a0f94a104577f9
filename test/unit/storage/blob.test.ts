import { createHash } from 'node:crypto';
import { pack, packAgainst, refer, referenceOf, unpack, unpackAgainst } from '../../../lib/storage/dynamodb/blob.ts';
import { DICTIONARY_1 } from '../../../lib/storage/dynamodb/dictionary.ts';
import { decodeEntry, type EncodedChange, encodeEntry } from '../../../lib/storage/dynamodb/log-entry.ts';
import { seededRandom } from '../../fakes/random.ts';

const pod = (name: string, phase: string, revision: number) =>
  Buffer.from(
    JSON.stringify({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name, namespace: 'default', resourceVersion: String(revision), labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: 'nginx', imagePullPolicy: 'IfNotPresent' }], restartPolicy: 'Always' },
      status: { phase, conditions: [{ type: 'Ready', status: phase === 'Running' ? 'True' : 'False' }] },
    }),
  );

const noise = (length: number, seed = 1) => {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length }, () => Math.floor(random.next() * 256)));
};

describe('values as they are stored', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['a small object', pod('web-1', 'Running', 7)],
    ['what cannot be compressed', noise(5_000)],
    ['more than deflate looks back', Buffer.from('0123456789'.repeat(20_000))],
  ])('%s comes back as it was', (_, bytes) => {
    expect(Buffer.from(unpack(pack(bytes))).equals(bytes)).toBe(true);
    expect(pack(bytes).length).toBeLessThanOrEqual(bytes.length + 1);
  });

  test('a small object takes less than half of its bytes, as its words are known', () => {
    const bytes = pod('web-5d4f8c7b9d-x7k2p', 'Running', 123_456);
    expect(pack(bytes).length).toBeLessThan(bytes.length / 2);
  });

  test('the bytes before a change take few bytes beside those after it', () => {
    const [before, after] = [pod('web-1', 'Pending', 7), pod('web-1', 'Running', 9)];
    const delta = packAgainst(before, after);
    expect(Buffer.from(unpackAgainst(delta, after)).equals(before)).toBe(true);
    expect(delta.length).toBeLessThan(before.length / 4);
  });

  test.each([
    ['equal', noise(900), noise(900)],
    ['nothing in common', noise(70_000, 1), noise(80_000, 2)],
    ['one begins with the other', noise(100_000), noise(100_000).subarray(0, 60_000)],
    ['one ends with the other', noise(100_000).subarray(50_000), noise(100_000)],
    ['nothing before', Buffer.alloc(0), noise(10)],
    ['nothing after', noise(10), Buffer.alloc(0)],
    [
      'a change far from both ends',
      Buffer.concat([noise(90_000), Buffer.from('old'), noise(90_000)]),
      Buffer.concat([noise(90_000), Buffer.from('newer'), noise(90_000)]),
    ],
  ])('differences to other bytes are undone: %s', (_, before, after) => {
    expect(Buffer.from(unpackAgainst(packAgainst(before, after), after)).equals(before)).toBe(true);
  });

  test('a reference names the parts where the value lies', () => {
    expect(referenceOf(refer({ id: 'a/0', count: 3 }))).toEqual({ id: 'a/0', count: 3 });
    expect(referenceOf(pack(pod('a', 'Running', 1)))).toBeUndefined();
  });

  test('a format of the future is refused, not guessed', () => {
    expect(() => unpack(Uint8Array.of(200, 1, 2))).toThrow('unknown format 200');
  });

  test('the dictionary is the one that stored bytes were made with', () => {
    const digest = createHash('sha256').update(DICTIONARY_1).digest('hex');
    expect(digest).toBe('774fba7eb506ce459e5d7d58b53fc8f46cb4208bf15ee04aaf0d7ff000ad2b86');
  });
});

test('a log entry holds every change of a commit', () => {
  const changes: EncodedChange[] = [
    { type: 'created', key: 'pods/a/ü\n', value: noise(10) },
    { type: 'updated', key: 'pods/a/x', value: Buffer.alloc(0), previous: { revision: 7, value: noise(3) } },
    { type: 'deleted', key: 'nodes/b', value: noise(300), previous: { revision: 1, value: noise(1) } },
  ];
  const decoded = decodeEntry(encodeEntry(changes));
  expect(decoded.map(({ type, key, previous }) => [type, key, previous?.revision])).toEqual([
    ['created', 'pods/a/ü\n', undefined],
    ['updated', 'pods/a/x', 7],
    ['deleted', 'nodes/b', 1],
  ]);
  expect(decoded.map(({ value }) => Buffer.from(value))).toEqual(changes.map(({ value }) => Buffer.from(value)));
  expect(Buffer.from(decoded[1]!.previous!.value)).toEqual(noise(3));
});
