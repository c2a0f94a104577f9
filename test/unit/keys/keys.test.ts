import { createPublicKey, X509Certificate } from 'node:crypto';
import { ensureKeys, removeKeys } from '../../../functions/keys/keys.ts';
import { clusterKeys } from '../../../lib/cloud/aws/key-parameters.ts';
import type { Parameters } from '../../../lib/cloud/aws/parameters.ts';
import { fakeClock } from '../../fakes/clock.ts';
import { ParametersInMemory } from '../../fakes/parameters.ts';

const clock = fakeClock();
const KMS_KEY = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const ensure = async (parameters: Parameters, rotation = '1', rewrite = false) =>
  (await ensureKeys({ parameters, clock, rotation, rewrite })).certificate;

describe('the keys of a cluster', () => {
  test('are made once: a repeated request writes nothing', async () => {
    const parameters = new ParametersInMemory();
    const authority = await ensure(parameters);
    const before = new Map(parameters.values);
    const { puts } = parameters;
    expect(await ensure(parameters)).toBe(authority);
    expect(parameters.values).toEqual(before);
    expect(parameters.puts).toBe(puts);
  });

  test('are secure strings, but for certificates', async () => {
    const parameters = new ParametersInMemory();
    await ensure(parameters);
    for (const [name, type] of parameters.types)
      expect([name, type]).toEqual([name, name.endsWith('.crt') ? 'String' : 'SecureString']);
    for (const [name, value] of parameters.values) if (name.endsWith('.crt')) expect(value).not.toContain('PRIVATE');
  });

  test('fit into a free parameter each', async () => {
    const parameters = new ParametersInMemory();
    for (let rotation = 0; rotation < 10; rotation++) await ensure(parameters, String(rotation));
    for (const value of parameters.values.values()) expect(Buffer.byteLength(value)).toBeLessThanOrEqual(4096);
  });

  test('make a client certificate of the authority that lasts as long', async () => {
    const parameters = new ParametersInMemory();
    const authority = new X509Certificate(await ensure(parameters));
    const { kubeletClient } = clusterKeys(parameters.values);
    const certificate = new X509Certificate(kubeletClient.certificate);
    expect(certificate.verify(authority.publicKey)).toBe(true);
    expect(certificate.subject).toContain('O=system:masters');
    expect(Date.parse(certificate.validTo)).toBeGreaterThanOrEqual(Date.parse(authority.validTo) - 86_400_000);
  });

  test('rotate when asked with another text, once, and the old ones still count', async () => {
    const parameters = new ParametersInMemory();
    const authority = await ensure(parameters, '1');
    const before = clusterKeys(parameters.values);
    expect(await ensure(parameters, '2')).toBe(authority);
    await ensure(parameters, '2');
    const after = clusterKeys(parameters.values);
    expect(after.serviceAccount.key).not.toBe(before.serviceAccount.key);
    expect(after.serviceAccount.previous).toEqual([
      createPublicKey(before.serviceAccount.key).export({ type: 'spki', format: 'pem' }),
    ]);
    expect(after.secrets.keys.map(({ name }) => name)).toEqual(['key2', 'key1']);
    expect(after.secrets.keys[1]).toEqual(before.secrets.keys[0]);
    expect(after.kubeletClient).not.toEqual(before.kubeletClient);
  });

  test('are written again, unchanged, when another key encrypts them', async () => {
    const parameters = new ParametersInMemory();
    await ensure(parameters);
    const before = new Map(parameters.values);
    parameters.puts = 0;
    await ensure(parameters, '1', true);
    expect(parameters.values).toEqual(before);
    expect(parameters.puts).toBe(before.size);
  });

  test('of a customer’s own seal Secrets in KMS once that is wanted, and the ring opens what came before', async () => {
    const parameters = new ParametersInMemory();
    const wanted = { parameters, clock, rotation: '1', rewrite: false };
    const ring = () => clusterKeys(parameters.values).secrets.keys;
    await ensureKeys(wanted);
    const [own] = ring();
    await ensureKeys({ ...wanted, kms: KMS_KEY });
    await ensureKeys({ ...wanted, kms: KMS_KEY });
    expect(ring()).toEqual([{ name: 'key2', kms: KMS_KEY, since: clock.now() }, own]);
    await ensureKeys({ ...wanted, kms: KMS_KEY, rotation: '2' });
    expect(ring().slice(0, 2)).toMatchObject([
      { name: 'key3', kms: KMS_KEY },
      { name: 'key2', kms: KMS_KEY },
    ]);
  });

  test('of KMS are not taken away while the ring has them', async () => {
    const parameters = new ParametersInMemory();
    const wanted = { parameters, clock, rotation: '1', rewrite: false };
    await ensureKeys({ ...wanted, kms: KMS_KEY });
    await expect(ensureKeys(wanted)).rejects.toThrow('Secrets may still be sealed with key1, which only KMS opens');
    await expect(ensureKeys({ ...wanted, previousKms: KMS_KEY })).rejects.toThrow('deploy with kmsKey=retired');
    await ensureKeys({ ...wanted, retiredKms: KMS_KEY, previousKms: KMS_KEY });
    const ring = clusterKeys(parameters.values).secrets;
    expect(ring.keys.map(({ name }) => name)).toEqual(['key2', 'key1']);
    await expect(ensureKeys(wanted)).rejects.toThrow('deploy with kmsKey=retired');
    parameters.values.set('secrets', JSON.stringify({ ...ring, keys: ring.keys.slice(0, 1) }));
    await ensureKeys(wanted);
    expect(clusterKeys(parameters.values).secrets.keys).toHaveLength(1);
  });

  test('a new key takes the name of none that is there, whichever were forgotten', async () => {
    const parameters = new ParametersInMemory();
    for (const rotation of ['1', '2', '3']) await ensure(parameters, rotation);
    const { keys } = clusterKeys(parameters.values).secrets;
    parameters.values.set('secrets', JSON.stringify({ keys: [keys[0], keys[2]], rotation: '3' }));
    await ensure(parameters, '4');
    const names = clusterKeys(parameters.values).secrets.keys.map(({ name }) => name);
    expect(names).toEqual(['key4', 'key3', 'key1']);
  });

  test('tell whether they were there before', async () => {
    const parameters = new ParametersInMemory();
    const wanted = { parameters, clock, rotation: '1', rewrite: false };
    expect((await ensureKeys(wanted)).found).toBe(false);
    expect((await ensureKeys(wanted)).found).toBe(true);
  });

  test('a request that was cut off is finished by the next', async () => {
    const parameters = new ParametersInMemory();
    await ensure(parameters);
    parameters.values.delete('sa');
    parameters.values.delete('ca.crt');
    const before = new Map(parameters.values);
    await ensure(parameters);
    for (const [name, value] of before) expect(parameters.values.get(name)).toBe(value);
    expect(parameters.values.has('sa') && parameters.values.has('ca.crt')).toBe(true);
  });

  test('are removed, all of them', async () => {
    const parameters = new ParametersInMemory();
    await ensure(parameters);
    await removeKeys(parameters);
    expect(parameters.values.size).toBe(0);
  });
});
