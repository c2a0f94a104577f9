import { KEYS } from '../../lib/cloud/aws/key-parameters.ts';
import type { Parameters } from '../../lib/cloud/aws/parameters.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import { isKms, type KeyRing, type RingKey } from '../../lib/storage/encryption/key-ring.ts';
import { LOCK, withLock } from './lock.ts';
import { planKeys, type WantedKeys } from './plan.ts';

export interface KeyOptions extends WantedKeys {
  parameters: Parameters;
  clock: Clock;
  /** A key of KMS that no longer writes, and can still be asked. */
  retiredKms?: string | undefined;
  /** What `kms` was before. */
  previousKms?: string | undefined;
  /** Writes also what is there, under the present key of the Parameter Store. */
  rewrite: boolean;
}

export interface EnsuredKeys {
  /** Of the cluster's authority. */
  certificate: string;
  /** There were keys before: somebody else's, to whoever asked for new ones. */
  found: boolean;
}

/** Makes what is missing. */
export async function ensureKeys(options: KeyOptions): Promise<EnsuredKeys> {
  const { parameters, clock, rewrite, previousKms } = options;
  // Without the right to use it the ring, which is under it, would tell less.
  refuseLostKeys(previousKms === undefined ? [] : [{ name: 'a key of the ring', kms: previousKms }], options);
  return withLock(parameters, clock, async () => {
    const stored = await parameters.readAll();
    stored.delete(LOCK);
    refuseLostKeys(ringKeysOf(stored.get(KEYS.secrets)), options);
    const writes = await planKeys(stored, options, clock.now());
    for (const [name, value] of new Map([...(rewrite ? stored : []), ...writes]))
      await parameters.put(name, value, name.endsWith('.crt') ? 'String' : 'SecureString');
    const certificate = (writes.get(KEYS.authorityCertificate) ?? stored.get(KEYS.authorityCertificate))!;
    return { certificate, found: stored.size > 0 };
  });
}

/** The deployment would go on to take away a key that Secrets may still be sealed with. */
function refuseLostKeys(keys: readonly RingKey[], { kms, retiredKms }: KeyOptions): void {
  const lost = keys.filter((key) => isKms(key) && key.kms !== kms && key.kms !== retiredKms);
  if (lost.length > 0)
    throw new Error(
      `Secrets may still be sealed with ${lost.map(({ name }) => name).join(', ')}, which only KMS opens: ` +
        'deploy with kmsKey=retired, run `zeroplane secrets rotate --aws` and `zeroplane secrets prune --aws`, then deploy with kmsKey=false',
    );
}

function ringKeysOf(text: string | undefined): readonly RingKey[] {
  return text === undefined ? [] : (JSON.parse(text) as KeyRing).keys;
}

export async function removeKeys(parameters: Parameters): Promise<void> {
  await parameters.remove([...(await parameters.readAll()).keys()]);
}
