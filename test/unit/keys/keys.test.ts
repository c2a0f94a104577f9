import { createPublicKey, X509Certificate } from 'node:crypto';
import { ensureKeys, removeKeys } from '../../../functions/keys/keys.ts';
import { clusterKeys } from '../../../lib/cloud/aws/key-parameters.ts';
import type { Parameters } from '../../../lib/cloud/aws/parameters.ts';
import { fakeClock } from '../../fakes/clock.ts';

/** A Parameter Store that counts writes. */
class ParametersInMemory implements Parameters {
  readonly values = new Map<string, string>();
  readonly types = new Map<string, string>();
  puts = 0;

  async read(names: readonly string[]) {
    return new Map(names.filter((name) => this.values.has(name)).map((name) => [name, this.values.get(name)!]));
  }
  async readAll() {
    return new Map(this.values);
  }
  async put(name: string, value: string, as: 'String' | 'SecureString') {
    this.puts++;
    this.values.set(name, value);
    this.types.set(name, as);
  }
  async remove(names: readonly string[]) {
    for (const name of names) this.values.delete(name);
  }
}

const clock = fakeClock();
const ensure = (parameters: Parameters, rotation = '1', rewrite = false) =>
  ensureKeys({ parameters, clock, rotation, rewrite });

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
